package main

import (
	"context"
	"errors"
	"fmt"
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

// play has the contestants do their work in turns, drops the first round, and closes
// them.
func (c *contest) play(ctx context.Context, all []*contestant) (err error) {
	defer func() {
		for _, one := range all {
			if one.close != nil {
				err = errors.Join(err, one.close())
			}
		}
	}()
	for round := range c.rounds + 1 {
		for _, one := range all {
			if one.measure == nil || one.spent > allowance && one.rounds() > 0 {
				continue
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

// run measures once. A peer's failure ends its part in the contest. What was written
// before goes to the disk first: else the kernel would do that at some contestant's
// cost, and hold all of them up once there is too much of it.
func (c *contestant) run(ctx context.Context, counts bool) error {
	syscall.Sync()
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
