// Package faultfs makes chosen operations of a file system fail, so that a test
// can see what its subject leaves behind.
//
// [New] wraps an [fsys.FS]; all that no fault hits goes through to it, so what
// the faults leave on the disk is real. [FS.Inject] arms a [Fault]: which
// operation, which error, and for how long. [Sweep] runs a scenario with the
// first operation failing, then with the second, and so on up to a run that
// nothing fails.
//
// Every operation of an FS and its files is counted and recorded except
// [fsys.File.Name]; making a mapping is, using it is not: what a subject writes
// through one reaches the file whatever fails. All of this is safe for concurrent
// use; with several goroutines at work, which of them makes the n-th operation
// is of course up to the scheduler.
package faultfs
