// Package comm lets the ranks of a parallel program exchange messages and agree.
//
// A [Comm] is one rank's end of a group of ranks. [Self] is a group of one rank,
// [Run] runs ranks as goroutines of this process, and package comm/mpi gives the
// ranks of an MPI job. Everything else is built on the few methods of Comm:
// [Barrier], [Bcast], [Allgather], [Allreduce], [Alltoallv], [SplitByHost] and
// [Agree].
//
// # Collective calls
//
// Every function of this package that takes a Comm is collective unless its
// documentation says local: all ranks of the group call it, in the same order.
// One goroutine of a rank at a time uses a Comm; two parts of a program that
// communicate independently of one another each take their own, from Comm.Split.
//
// # Failure
//
// No rank waits for ever for one that has failed. When a rank of [Run] returns an
// error or panics, when a rank gives up a call because its context ends, and when
// ranks call different collective functions, the group is broken: the calls in
// progress and all later ones return an error, a [*BrokenError], on every rank.
// A failure that a rank can report (its disk is full, its input is bad) does not
// break the group: ranks exchange such errors with [Agree].
package comm
