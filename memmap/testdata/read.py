# Reads arrays as NAME.yaml describes them, and prints their values as JSON.
import json, sys
import numpy, yaml

def mapped(name, dtype, shape):
    if 0 in shape:  # NumPy maps no empty file
        return numpy.zeros(shape, dtype)
    return numpy.memmap(name, dtype, "r", shape=tuple(shape))

out = {}
for path in sys.argv[1:]:
    with open(path + ".yaml") as f:
        meta = yaml.safe_load(f)
    assert meta["version"] == [1, 0], meta
    if "dtype" in meta:
        a = mapped(path + ".array", meta["dtype"], meta["shape"])
        dtype = a.dtype
    else:
        import scipy.sparse
        m = scipy.sparse.csr_matrix((
            mapped(path + ".data", meta["data_dtype"], [meta["nnz"]]),
            mapped(path + ".indices", meta["indices_dtype"], [meta["nnz"]]),
            mapped(path + ".indptr", meta["indptr_dtype"], [meta["shape"][0] + 1])), shape=meta["shape"])
        assert m.nnz == meta["nnz"]
        m.check_format(full_check=True)
        assert m.has_canonical_format
        a, dtype = m.toarray(), m.dtype
    # Hexadecimal bytes: JSON has no NaN.
    out[path] = {"dtype": str(dtype), "shape": list(a.shape), "bytes": a.tobytes().hex()}
json.dump(out, sys.stdout)
