package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/soastore/soa/comm"
)

// worker is who carries out orders: ranks of this process or of mpirun, or a Python.
type worker struct {
	ranks  int
	orders io.WriteCloser
	reply  *json.Decoder
	kill   func()       // so that reply ends; it may be called at any time
	wait   func() error // after orders were closed
}

// numbered counts the subjects of all workers, which share folders.
var numbered atomic.Int64

// patience is how long a worker may take for one order.
const patience = 5 * time.Minute

// missing is the error that something is not on this machine, or is not to be used.
type missing struct{ what string }

func (m missing) Error() string { return m.what }

// do has an order carried out. A failure that the worker reports leaves it usable.
func (w *worker) do(o order) (answer, error) {
	if err := json.NewEncoder(w.orders).Encode(o); err != nil {
		return answer{}, fmt.Errorf("worker is gone: %w", err)
	}
	late := time.AfterFunc(patience, w.kill)
	defer late.Stop()
	var a answer
	if err := w.reply.Decode(&a); err != nil {
		return a, fmt.Errorf("worker does not answer %q: %w", o.Do, err)
	}
	if a.Missing != "" {
		return a, missing{a.Missing}
	}
	if a.Error != "" {
		return a, fmt.Errorf("%s: %s", o.Do, a.Error)
	}
	return a, nil
}

// open has a subject opened and returns its number.
func (w *worker) open(s subject) (id int, err error) {
	id = int(numbered.Add(1))
	_, err = w.do(order{Do: "open", ID: id, Subject: &s})
	return id, err
}

func (w *worker) close() error {
	late := time.AfterFunc(patience, w.kill)
	defer late.Stop()
	return errors.Join(w.orders.Close(), w.wait())
}

// inProcess starts ranks that are goroutines.
func inProcess(n int) *worker {
	in, orders := io.Pipe()
	replies, out := io.Pipe()
	done, late := make(chan error, 1), make(chan struct{})
	go func() {
		err := comm.Run(n, func(c comm.Comm) error { return serve(c, in, out) })
		out.CloseWithError(err)
		in.CloseWithError(err)
		done <- err
	}()
	return &worker{
		ranks: n, orders: orders, reply: json.NewDecoder(replies),
		kill: sync.OnceFunc(func() { replies.CloseWithError(os.ErrDeadlineExceeded); close(late) }),
		wait: func() error {
			select {
			case err := <-done:
				return err
			case <-late: // a rank hangs, and nothing ends a goroutine
				return os.ErrDeadlineExceeded
			}
		},
	}
}

// rankVariable says to a process of this program that it is a rank under mpirun.
const rankVariable = "SOA_BENCH_RANK"

// underMPI starts ranks that are processes: this program, under mpirun.
func underMPI(n int) (*worker, error) {
	if runMPI == nil {
		return nil, missing{"built without MPI"}
	}
	mpirun, err := exec.LookPath("mpirun")
	if err != nil {
		return nil, missing{"mpirun: not installed"}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(mpirun, "--oversubscribe", "--bind-to", "none", "-n", strconv.Itoa(n), self)
	cmd.Env = append(append(os.Environ(), rankVariable+"=1"), mpiEnv...)
	return process(cmd, n)
}

// mpiEnv lets mpirun work as root and in containers, which forbid what it does
// without.
var mpiEnv = []string{
	"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
	"OMPI_MCA_btl_vader_single_copy_mechanism=none",
}

// process starts a worker that is a process of its own.
func process(cmd *exec.Cmd, ranks int) (*worker, error) {
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &worker{
		ranks: ranks, orders: in, reply: json.NewDecoder(out),
		kill: func() { _ = cmd.Process.Kill() }, // it has ended otherwise
		wait: cmd.Wait,
	}, nil
}
