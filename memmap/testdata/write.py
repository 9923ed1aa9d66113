# Writes a dense and a sparse array as daf does, at the paths argv[1] and argv[2].
import sys
import numpy, scipy.sparse, yaml

dense = numpy.arange(12, dtype="float64").reshape(3, 4) / 8
dense.tofile(sys.argv[1] + ".array")
with open(sys.argv[1] + ".yaml", "w") as f:
    yaml.dump(dict(version=[1, 0], dtype=str(dense.dtype), shape=list(dense.shape)), f)

m = scipy.sparse.random(50, 80, density=0.1, format="csr", dtype="float32", random_state=1)
m.sort_indices()
m.data[:] = m.indices
for suffix in ("data", "indices", "indptr"):
    getattr(m, suffix).tofile(sys.argv[2] + "." + suffix)
with open(sys.argv[2] + ".yaml", "w") as f:
    yaml.dump(dict(version=[1, 0], data_dtype=str(m.data.dtype), indices_dtype=str(m.indices.dtype),
                   indptr_dtype=str(m.indptr.dtype), nnz=int(m.nnz), shape=list(m.shape)), f)
print(m.nnz)
