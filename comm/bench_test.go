package comm_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/comm/commtest"
)

// Benchmark reports the latency of collective calls between goroutines.
func Benchmark(b *testing.B) {
	for n := 1; n <= 4; n++ {
		for _, m := range commtest.Measurements() {
			b.Run(fmt.Sprintf("%s/%d", m.Name, n), func(b *testing.B) {
				var mean time.Duration
				err := comm.Run(n, func(c comm.Comm) error {
					d, err := m.Time(context.Background(), c)
					if c.Rank() == 0 {
						mean = d
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(mean.Seconds()*1e6, "us")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
