"""Compresses and decompresses with c-blosc, for the tests and benchmarks.

Reads requests from standard input, each a line of JSON and `bytes` bytes, and
answers each in the same way. "repeat" asks for the shortest time of so many runs,
"threads" for so many of the library's own; without it there is one. The calls are those
of the C library that python3-blosc uses, into memory that is there already.
"""
import ctypes
import json
import sys
import time

import blosc  # loads the library, and is why it is installed

lib = ctypes.CDLL("libblosc.so.1")
size_t, pointer = ctypes.c_size_t, ctypes.c_char_p


def compress(request, data, out):
    if request.get("threads", 1) > 1:
        lib.blosc_set_nthreads(request["threads"])
        lib.blosc_set_compressor(request["codec"].encode())
        lib.blosc_set_blocksize(size_t(request.get("blocksize", 0)))
        return lib.blosc_compress(
            request["level"], request["shuffle"], size_t(request["typesize"]), size_t(len(data)), data,
            out, size_t(len(out)))
    return lib.blosc_compress_ctx(
        request["level"], request["shuffle"], size_t(request["typesize"]), size_t(len(data)), data,
        out, size_t(len(out)), request["codec"].encode(), size_t(request.get("blocksize", 0)), 1)


def decompress(request, data, out):
    if request.get("threads", 1) > 1:
        lib.blosc_set_nthreads(request["threads"])
        return lib.blosc_decompress(data, out, size_t(len(out)))
    return lib.blosc_decompress_ctx(data, out, size_t(len(out)), 1)


while line := sys.stdin.buffer.readline():
    request = json.loads(line)
    data = sys.stdin.buffer.read(request["bytes"])
    if request["do"] == "compress":
        run, room = compress, len(data) + 16
    else:
        run, room = decompress, int.from_bytes(data[4:8], "little")
    out = ctypes.create_string_buffer(max(room, 1))
    out = (ctypes.c_char * room).from_buffer(out)
    seconds = float("inf")
    for _ in range(request.get("repeat", 1)):
        start = time.perf_counter()
        size = run(request, data, out)
        seconds = min(seconds, time.perf_counter() - start)
    if size < 0:  # it refuses: the answer has no data
        size = 0
    answer = json.dumps({"seconds": seconds, "bytes": size}).encode() + b"\n"
    sys.stdout.buffer.write(answer + memoryview(out)[:size])
    sys.stdout.buffer.flush()
