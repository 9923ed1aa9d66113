// Package arena keeps many Dicts, by key, in one file: the fast way to put the values
// of one process aside, on a disk or in memory (tmpfs), and to read them again.
//
// A value costs no file of its own, no name and no allocation of disk space: the file
// is preallocated, and what is freed is used again. Setting a small value is two
// copies and takes microseconds; a large one moves at the speed of the disk's cache,
// or of memory. Every column has a checksum, which is computed while it is copied.
//
// [Create] and [Open] return an [Arena]. [Arena.Stage] writes a value that nobody
// sees yet, and returns a [Change]: Commit makes it visible, and Undo takes it back
// until Finish. That is one process's part in a change that several make together,
// all or none: until Finish the old and the new value are both in the file, and one
// that is opened after a crash lists both ([Arena.Versions]), so that the processes
// can agree on one ([Arena.Restore]). [Arena.Get] returns a [Value] to read, or to
// view in place; it stays as it is until Close, whatever is changed meanwhile.
//
// Whatever kills the process, and whenever, each key has the old value or the new
// one, whole. After a power failure that holds with Options.Sync; without it, values
// may be missing or have an ErrChecksum, but none is another's. A slot or a header
// that is damaged makes its value absent; [Arena.Verify] reports it.
//
// A file is one process's at a time. It is read only by this package, on machines of
// the same byte order. superblock.go, slot.go and header.go draw its format.
package arena
