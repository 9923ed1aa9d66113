// Package npz reads and writes NumPy's files: .npy, one array, and .npz, a zip
// archive of .npy files, one per field. What [Write] writes numpy.load reads, and
// what numpy.save, numpy.savez and numpy.savez_compressed write a [Reader] reads,
// for the element types of package soa.
//
// A [Reader] lists the fields of a file ([Reader.Names], [Reader.Fields]), reads
// some or all of them into a soa.Dict ([Reader.Read]) or, from a mapped file,
// makes a Dict of views of it ([Reader.View]), and checks the whole file
// ([Reader.Verify]). [Open] makes one from a file name. [ReadArray] and
// [WriteArray] are for a single .npy.
//
// What is read is in C order and in the machine's byte order, whatever it is in
// the file. A field of an element type that package soa does not have (objects,
// strings, dates, records) is listed, and reading it is an [ErrDType] that names
// the field and its descr; the other fields can be read. Nothing is unpickled.
//
// A file may come from anywhere: no size in it is believed before it has been
// compared with the file's own, and every field's CRC-32 is checked before its
// elements are handed out. Bools other than 0 and 1, which NumPy does not write,
// are an [ErrFormat].
//
// Everything here is local: no other rank takes part.
package npz
