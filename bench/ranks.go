package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
)

// order is what a worker is told, as a line of JSON: to open or close the subject of
// that number, or to do an operation with it.
type order struct {
	Do      string   `json:"do"`
	ID      int      `json:"id"`
	Subject *subject `json:"subject,omitempty"` // to open
}

// answer is what a worker says to an order, as a line of JSON.
type answer struct {
	Seconds  float64           `json:"seconds"` // of the slowest rank
	Whole    uint64            `json:"whole"`   // the sum of all columns of whole numbers, of "sum"
	Error    string            `json:"error,omitempty"`
	Missing  string            `json:"missing,omitempty"`  // what is not installed
	Versions map[string]string `json:"versions,omitempty"` // of Python's packages, of "versions"
}

// rank is one rank of a team that carries out orders.
type rank struct {
	comm     comm.Comm
	part     *partition.Partition
	subjects map[int]*opened
}

// serve carries out the orders of in until it ends. Rank 0 reads it, and answers.
func serve(c comm.Comm, in io.Reader, out io.Writer) error {
	p, err := partition.New(c, partition.Options{})
	if err != nil {
		return err
	}
	r := &rank{c, p, map[int]*opened{}}
	lines, ctx := bufio.NewReader(in), context.Background()
	for {
		var line []byte
		if c.Rank() == 0 {
			line, _ = lines.ReadBytes('\n') // without one the orders are at their end
		}
		if line, err = comm.Bcast(ctx, c, 0, line); err != nil || len(line) == 0 {
			return err
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		a, err := r.answer(ctx, o)
		if err != nil {
			return err
		}
		if c.Rank() == 0 {
			if err := json.NewEncoder(out).Encode(a); err != nil {
				return err
			}
		}
	}
}

// answer carries out an order together with the other ranks. The error is that they
// cannot go on.
func (r *rank) answer(ctx context.Context, o order) (answer, error) {
	t, took, err := r.timed(ctx, o)
	if told := comm.Agree(ctx, r.comm, comm.Vote{Op: o.Do, Err: err}); told != nil {
		if errors.Is(told, comm.ErrBroken) {
			return answer{}, told
		}
		return answer{Error: told.Error()}, nil
	}
	slowest, err := comm.Allreduce(ctx, r.comm, comm.Max, []int64{int64(took)})
	if err != nil {
		return answer{}, err
	}
	whole, err := comm.Allreduce(ctx, r.comm, comm.Sum, []uint64{t.whole})
	if err != nil {
		return answer{}, err
	}
	return answer{Seconds: time.Duration(slowest[0]).Seconds(), Whole: whole[0]}, nil
}

// timed carries out an order on this rank, and measures an operation.
func (r *rank) timed(ctx context.Context, o order) (t total, took time.Duration, err error) {
	if o.Do == "open" {
		r.subjects[o.ID], err = open(r.part, o.ID, *o.Subject)
		runtime.GC() // now rather than during a measurement
		return t, 0, err
	}
	s := r.subjects[o.ID]
	if s == nil {
		return t, 0, fmt.Errorf("no subject %d", o.ID)
	}
	if o.Do == "close" {
		delete(r.subjects, o.ID)
		return t, 0, s.Close()
	}
	call, ok := operations[o.Do]
	if !ok {
		return t, 0, fmt.Errorf("no operation %q", o.Do)
	}
	runtime.GOMAXPROCS(s.Procs)
	if err := comm.Barrier(ctx, r.comm); err != nil {
		return t, 0, err
	}
	start := time.Now()
	t, err = call(s)
	return t, time.Since(start), err
}
