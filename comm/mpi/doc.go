// Package mpi gives the ranks of an MPI job as a [comm.Comm]. It is the only
// package of this module that needs cgo and an MPI library; without cgo it is
// empty. It is made and tested for Open MPI on Linux, and finds the one of Debian
// and Ubuntu by itself; for another one set CGO_CFLAGS and CGO_LDFLAGS to what
// mpicc --showme:compile and mpicc --showme:link print.
//
//	func main() {
//		mpi.Run(func(c comm.Comm) error {
//			p, err := partition.New(c, partition.Options{})
//			...
//		})
//	}
//
// started with mpirun -n 4 ./program. Without mpirun a program is a job of one rank.
//
// [Run] is for a whole program: when one rank fails, it ends them all. [World] is
// for programs that see to that themselves.
//
// # How ranks wait
//
// A call that waits asks MPI again and again, first without pause and then more and
// more seldom, up to every 0.2 ms. In between it looks at its context and at a
// control communicator, on which Comm.Break tells the other ranks. So it ends with
// an error when another rank has failed, where a blocking MPI call would hang. A
// rank that dies does not tell, but then mpirun ends the job.
//
// After an error a call may still be receiving into the buffer that it was given, if
// the sender stopped in the middle of a message: do not use that memory again.
//
// MPI is started with MPI_THREAD_MULTIPLE, as goroutines move between threads.
// Comm.Close does not give back the communicator's number in MPI, of which Open MPI
// has some ten thousands: MPI_Comm_free is collective and Close is not. Keep
// communicators for the length of the job rather than of a step.
package mpi
