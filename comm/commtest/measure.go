package commtest

import (
	"context"
	"time"

	"github.com/soastore/soa/comm"
)

// A Measurement times one operation.
type Measurement struct {
	Name string
	call func(ctx context.Context, c comm.Comm) error
}

// Measurements returns what there is to time: half a round trip of 8 bytes between
// neighbours (Sendrecv), and collective calls of small data.
func Measurements() []Measurement {
	return []Measurement{
		{"Sendrecv", neighbors},
		{"Barrier", barrierCall},
		{"Allreduce", allreduceCall(1)},
		{"Agree", agreeCall},
	}
}

func neighbors(ctx context.Context, c comm.Comm) error {
	var data, buf [8]byte
	n := c.Size()
	_, _, err := c.Sendrecv(ctx, (c.Rank()+1)%n, 0, data[:], (c.Rank()+n-1)%n, buf[:])
	return err
}

// Time returns the mean time of a call. All ranks call it.
func (m Measurement) Time(ctx context.Context, c comm.Comm) (time.Duration, error) {
	const warmup, count = 100, 2000
	var start time.Time
	for i := range warmup + count {
		if i == warmup {
			start = time.Now()
		}
		if err := m.call(ctx, c); err != nil {
			return 0, err
		}
	}
	return time.Since(start) / count, nil
}
