// Package memmap maps arrays on disk into memory, so that a table larger than
// memory is an ordinary typed Go slice.
//
// An array is a few files of raw little-endian elements, and a small YAML file
// that names their types and sizes: NAME.array and NAME.yaml for a dense array of
// any shape, NAME.data, NAME.indices, NAME.indptr and NAME.yaml for a sparse
// matrix. They are the files of Python's daf; and NumPy opens them in three lines:
//
//	meta = yaml.safe_load(open("table.yaml"))
//	shape = tuple(meta["shape"])
//	table = numpy.memmap("table.array", meta["dtype"], "r+", shape=shape)
//
// [Create] and [Open] give a dense array ([Array]), [WriteSparse] and
// [OpenSparse] a sparse matrix ([Sparse], a [CSR] over mapped memory). [File]
// opens either kind when the element type is not known before; [Region] maps a
// part of any file. [Stat], [Exists] and [Remove] work on both kinds. [WriteFolder],
// [RewriteFolder] and [OpenFolder] are for several dense arrays that belong together.
//
// # Mapped memory
//
// A file that is opened again, by any name, shares the mapping with those who
// have it open; the last Close unmaps it. Methods of a closed handle return
// ErrClosed. A slice of mapped memory must not be used after Close, since the
// memory is not there any more.
//
// Mapped memory can fail when it is touched: another program cuts the file short,
// or the disk is full when a hole is written to. That kills a Go program, unless
// it happens inside [Guard], which makes an error of it. [Options].Reserve
// rules out the full disk.
//
// # Files
//
// New files have mode 0600. Symbolic links are not followed in the last element of
// a name. Replacing an array never shows a mixture of old and new files, also if
// the program crashes half-way; but a crash can leave files whose names end in
// .partial and .old, and who opens an array just while it is replaced by one of
// another type or shape, or while a sparse one is replaced, may find none. Two
// processes must not replace the same array at a time.
//
// All functions are local: no ranks are involved.
package memmap
