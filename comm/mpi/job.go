//go:build cgo && !windows

package mpi

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	mpi "github.com/sbromberger/gompi"

	"github.com/soastore/soa/comm"
)

// A job is this process's part in the MPI job.
type job struct {
	host    string
	world   *communicator
	control *control
	over    atomic.Bool   // Finalize has begun
	stop    chan struct{} // closed to end MPI
	stopped chan struct{} // closed when it has ended
}

// theJob returns this process's job, which it joins when first called.
var theJob = sync.OnceValues(join)

// World returns this process's end of the group of all ranks of the job. The first
// call starts MPI, which all ranks do together; later calls return the same Comm.
// World panics, and says why, if it cannot: when another part of the program has
// started MPI without MPI_THREAD_MULTIPLE, or has ended it.
func World() comm.Comm {
	j, err := theJob()
	if err != nil {
		panic(err)
	}
	return j.world
}

// Finalize waits until all ranks have called it, and ends MPI. Collective. After an
// error MPI goes on, as it can only end when all ranks do: return from main with an
// exit code that is not 0, and mpirun ends the job.
func Finalize() error {
	j, err := theJob()
	if err != nil {
		return err
	}
	if j.over.Load() {
		return nil
	}
	j.control.end()
	if err := comm.Agree(context.Background(), j.world, comm.Vote{Op: "end of", Key: "the MPI job"}); err != nil {
		return err
	}
	j.over.Store(true)
	close(j.stop)
	<-j.stopped
	return nil
}

// join starts MPI and makes the world.
func join() (*job, error) {
	j := &job{stop: make(chan struct{}), stopped: make(chan struct{})}
	if err := j.start(); err != nil {
		return nil, err
	}
	var err error
	if j.host, err = processorName(); err != nil {
		return nil, err
	}
	size := mpi.WorldSize()
	ranks := make([]int, size)
	for i := range ranks {
		ranks[i] = i
	}
	j.world = newCommunicator(j, nil, groupID{}, mpi.WorldRank(), ranks)
	j.control = &control{groups: map[groupID]*communicator{}, early: map[groupID]*comm.BrokenError{}}
	if j.world.handle, err = dupWorld(); err != nil {
		return nil, err
	}
	if j.control.handle, err = dupWorld(); err != nil {
		return nil, err
	}
	j.control.register(j.world)
	return j, nil
}

// start starts MPI unless it is on. The standard asks that one thread starts and
// ends it, and so a goroutine keeps that thread until then.
func (j *job) start() error {
	if finalized() {
		return errors.New("mpi: MPI has ended in this process, and cannot start again")
	}
	if !mpi.IsOn() {
		on := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			mpi.Start(true)
			close(on)
			<-j.stop
			mpi.Stop()
			close(j.stopped)
		}()
		<-on
	}
	ok, err := threadMultiple()
	if err == nil && !ok {
		err = errors.New("mpi: MPI was started without MPI_THREAD_MULTIPLE, which this package needs as goroutines move between threads; start it with MPI_Init_thread, or let World do so")
	}
	return err
}

// abort ends the job, on all ranks.
func abort(code int) {
	mpi.NewCommunicator(nil).Abort(code)
}
