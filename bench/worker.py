"""Carries out orders, one a line of JSON, as ranks.go does: the peers that are
Python. Seconds are of the operation alone, for all keys of a subject."""

import json
import os
import shutil
import sys
import time

import numpy as np

try:
    import h5py
except ImportError:
    h5py = None
try:
    import zict
except ImportError:
    zict = None
try:
    import numcodecs
except ImportError:
    numcodecs = None


class Missing(Exception):
    """Something is not installed."""


def need(module, name):
    if module is None:
        raise Missing(name + ": not installed")


class Savez:
    """numpy.savez and numpy.load: one .npz file for a key."""

    def __init__(self, path, budget):
        self.path = path

    def name(self, key):
        return self.path + "-" + key + ".npz"

    def set(self, key, value):
        np.savez(self.name(key), **value)

    def get(self, key):
        with np.load(self.name(key)) as z:
            return {k: z[k] for k in z.files}

    def field(self, key, field):
        with np.load(self.name(key)) as z:
            return z[field]

    view = get  # NumPy does not map what is in an archive

    def remove(self, key):
        os.unlink(self.name(key))

    def close(self):
        pass


class Save:
    """numpy.save, numpy.load, and mapping by numpy.load: a folder of .npy files."""

    def __init__(self, path, budget):
        self.path = path

    def name(self, key, field):
        return os.path.join(self.path + "-" + key, field + ".npy")

    def set(self, key, value):
        os.makedirs(self.path + "-" + key, exist_ok=True)
        for k, v in value.items():
            np.save(self.name(key, k), v)

    def load(self, key, mode):
        folder = self.path + "-" + key
        return {f[:-4]: np.load(os.path.join(folder, f), mmap_mode=mode) for f in os.listdir(folder)}

    def get(self, key):
        return self.load(key, None)

    def view(self, key):
        return self.load(key, "r")

    def field(self, key, field):
        return np.load(self.name(key, field))

    def remove(self, key):
        shutil.rmtree(self.path + "-" + key)

    def close(self):
        pass


class H5py:
    """One HDF5 file for a key, with a contiguous dataset for each column."""

    def __init__(self, path, budget):
        need(h5py, "h5py")
        self.path = path

    def name(self, key):
        return self.path + "-" + key + ".h5"

    def set(self, key, value):
        with h5py.File(self.name(key), "w") as f:
            for k, v in value.items():
                f.create_dataset(k, data=v)

    def get(self, key):
        with h5py.File(self.name(key), "r") as f:
            return {k: f[k][()] for k in f}

    def field(self, key, field):
        with h5py.File(self.name(key), "r") as f:
            return f[field][()]

    view = get

    def remove(self, key):
        os.unlink(self.name(key))

    def close(self):
        pass


class Memory:
    """A dict of copies of arrays."""

    def __init__(self, path, budget):
        self.kept = {}

    def set(self, key, value):
        self.kept[key] = {k: v.copy() for k, v in value.items()}

    def get(self, key):
        return {k: v.copy() for k, v in self.kept[key].items()}

    def field(self, key, field):
        return self.kept[key][field].copy()

    def view(self, key):
        return self.kept[key]

    def remove(self, key):
        del self.kept[key]

    def close(self):
        self.kept.clear()


class Zict:
    """zict.Buffer, for values of one column x: a dict over zict.File, to which the
    least recently used arrays go, as their plain bytes."""

    def __init__(self, path, budget):
        need(zict, "zict")
        self.folder = path
        dump, load = self.codec()
        slow = zict.Func(dump, load, zict.File(path))
        self.kept = zict.Buffer({}, slow, budget, weight=lambda key, a: a.nbytes)

    def codec(self):
        return lambda a: a.data, lambda b: np.frombuffer(b, np.float32)

    def set(self, key, value):
        self.kept[key] = value["x"]

    def get(self, key):
        return {"x": self.kept[key]}

    view = get

    def remove(self, key):
        del self.kept[key]

    def close(self):
        shutil.rmtree(self.folder)


class ZictBlosc(Zict):
    """Zict whose files are compressed with numcodecs' Blosc: lz4, level 5, shuffle."""

    def codec(self):
        need(numcodecs, "numcodecs")
        c = numcodecs.Blosc(cname="lz4", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
        return c.encode, lambda b: np.frombuffer(c.decode(b), np.float32)


KINDS = {"savez": Savez, "save": Save, "h5py": H5py, "dict": Memory, "zict": Zict, "zict-blosc": ZictBlosc}


class Opened:
    """A subject with the values that it is given."""

    loaded = {}  # columns, by the file that they came in

    def __init__(self, id, subject):
        data = subject["data"]
        self.keys = ["step_%d" % i for i in range(data["values"])]
        all, n = self.columns(subject["source"]), data["rows"]
        self.values = [{k: v[i * n:(i + 1) * n] for k, v in all.items()} for i in range(len(self.keys))]
        path = os.path.join(subject["dir"], "%s-%d" % (subject["kind"], id))
        self.quarter = len(self.keys) // 4
        budget = sum(a.nbytes for a in all.values()) // 4
        self.kept = KINDS[subject["kind"]](path, budget)

    def columns(self, source):
        if source not in self.loaded:
            with np.load(source) as z:
                self.loaded[source] = {k: z[k] for k in z.files}
        return self.loaded[source]

    def set(self, lo=0, hi=None):
        for key, value in zip(self.keys[lo:hi], self.values[lo:hi]):
            self.kept.set(key, value)

    def fill(self):
        """Sets the first quarter of the values."""
        self.set(0, self.quarter)

    def spill(self):
        """Sets the others."""
        self.set(self.quarter)

    def get(self):
        for key in self.keys:
            self.kept.get(key)

    def field(self):
        names = list(self.values[0])
        for key in self.keys:
            self.kept.field(key, names[len(names) // 2])

    def view(self):
        for key in self.keys:
            self.kept.view(key)

    def sum(self):
        """Adds up all columns where they are; returns the sum of those of whole numbers."""
        whole = 0
        for key in self.keys:
            sums = {k: v.sum() for k, v in self.kept.view(key).items()}
            whole += sum(int(s) for s in sums.values() if s.dtype.kind in "iu")
        return whole % (1 << 64)

    def remove(self):
        for key in self.keys:
            self.kept.remove(key)

    def check(self):
        for key, value in zip(self.keys, self.values):
            got = self.kept.get(key)
            if got.keys() != value.keys() or not all(np.array_equal(got[k], v) for k, v in value.items()):
                raise ValueError("what was read is not what was set")

    def close(self):
        self.kept.close()


def versions():
    modules = {"NumPy": np, "h5py": h5py, "zict": zict, "numcodecs": numcodecs}
    out = {name: m.__version__ for name, m in modules.items() if m is not None}
    out["Python"] = sys.version.split()[0]
    return out


def carry_out(subjects, order):
    do, id = order["do"], order["id"]
    if do == "versions":
        return {"versions": versions()}
    if do == "open":
        subjects[id] = Opened(id, order["subject"])
        return {}
    if do == "close":
        subjects.pop(id).close()
        return {}
    call = getattr(subjects[id], do)
    start = time.perf_counter()
    whole = call()
    return {"seconds": time.perf_counter() - start, "whole": whole or 0}


def main():
    subjects = {}
    for line in sys.stdin:
        try:
            answer = carry_out(subjects, json.loads(line))
        except Missing as e:
            answer = {"missing": str(e)}
        except Exception as e:
            answer = {"error": "%s: %s" % (type(e).__name__, e)}
        print(json.dumps(answer), flush=True)


main()
