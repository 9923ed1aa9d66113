package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"time"
)

// contest is one piece of work that several contestants do, in turns.
type contest struct {
	section string
	title   string
	place   place // where files are; without a folder if there are none
	data    data  // of all ranks together
	weak    bool  // it is of each rank
	fresh   bool  // each Set makes new files, which are removed before the next
	warm    int   // how many times the work is done first in each turn, and does not count
	unit    unit
	rounds  int
	entries []entry
	goals   []goal
	limits  map[string]string  // what the machine gives instead of each contestant
	aim     string             // the part that goals are aimed at; "" for every one
	atMost  map[string]float64 // figures that are aimed at, by contestant

	parts    []string                             // of what is measured; nil is one part without a name
	enterAll func(h *hall) ([]*contestant, error) // in place of entries
}

// goal is a ratio of the speeds of two contestants that is shown.
type goal struct {
	ours, peer string
	least      float64 // what is aimed at; 0 is nothing
}

// side is whose a contestant is.
type side uint8

const (
	store side = iota // of this project
	plain             // files and memory without a store: what the machine gives
	peer              // another's, whose failure is noted and does not end the run
)

// contestant does the work of a contest in one way.
type contestant struct {
	name    string
	side    side
	amounts []float64                                // bytes or calls, of each part
	measure func(context.Context) ([]float64, error) // returns the seconds of each part
	close   func() error                             // after the last round; may be nil

	spent   time.Duration // in all rounds
	note    string        // why it took no part, or not in all rounds
	seconds [][]float64   // by part and round
	whole   uint64        // the sum that it came to, if it did; see answer
}

// allowance is how long a contestant may take in all rounds of a contest; then it
// sits out the rest, as its note says, once it has done one that counts.
const allowance = 12 * time.Second

// play has the contestants do their work in turns, in another order each round, drops
// the first round, and closes them.
func (c *contest) play(ctx context.Context, all []*contestant) (err error) {
	defer func() {
		for _, one := range all {
			if one.close != nil {
				err = errors.Join(err, one.close())
			}
		}
	}()
	for round := range c.rounds + 1 {
		for _, i := range rand.New(rand.NewPCG(1, uint64(round))).Perm(len(all)) {
			one := all[i]
			if one.measure == nil || one.spent > allowance && one.rounds() > 0 {
				continue
			}
			if err := c.prepare(); err != nil {
				return err
			}
			if err := one.run(ctx, round > 0); err != nil {
				return fmt.Errorf("%s: %s: %w", c.title, one.name, err)
			}
		}
	}
	for _, one := range all {
		if n := one.rounds(); one.note == "" && n < c.rounds {
			one.note = fmt.Sprintf("slow: %d rounds", n)
		}
	}
	return sameSums(all)
}

// prepare makes the machine the same for the next contestant, whoever came before.
// What was written goes to the disk: else the kernel would do that at somebody's cost,
// and hold all up once there is too much of it. And free memory that a virtual machine
// has returned to its host is asked for again, which takes several times as long as to
// fill it.
func (c *contest) prepare() error {
	syscall.Sync()
	size := 2 * c.data.bytes()
	if size < warmFrom {
		return nil
	}
	free, err := syscall.Mmap(-1, 0, int(min(size, warmTo)), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	_ = syscall.Madvise(free, syscall.MADV_HUGEPAGE) // so that it is free in large pieces again
	for i := 0; i < len(free); i += os.Getpagesize() {
		free[i] = 1
	}
	return syscall.Munmap(free)
}

// warmFrom and warmTo bound how many bytes of free memory are asked for.
const (
	warmFrom = 32 << 20
	warmTo   = 1 << 30
)

// run measures once. A peer's failure ends its part in the contest.
func (c *contestant) run(ctx context.Context, counts bool) error {
	seconds, err := c.measure(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && c.side != peer {
		return err
	}
	if err != nil {
		c.measure, c.seconds, c.note = nil, nil, "failed: "+err.Error()
		return nil
	}
	if c.seconds == nil {
		c.seconds = make([][]float64, len(seconds))
	}
	c.spent += time.Duration(slices.Max(seconds) * float64(time.Second)) // a part may be the sum of all
	for part, s := range seconds {
		if counts {
			c.seconds[part] = append(c.seconds[part], s)
		}
	}
	return nil
}

// rounds returns how many rounds of c count.
func (c *contestant) rounds() int {
	if len(c.seconds) == 0 {
		return 0
	}
	return len(c.seconds[0])
}

// sameSums reports contestants that added up the same columns to different sums.
func sameSums(all []*contestant) error {
	var first *contestant
	for _, one := range all {
		if one.whole == 0 {
			continue
		}
		if first == nil {
			first = one
		}
		if one.whole != first.whole {
			return fmt.Errorf("%s and %s read different values: their sums are %d and %d", first.name, one.name, first.whole, one.whole)
		}
	}
	return nil
}
