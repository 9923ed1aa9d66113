//go:build cgo && !windows

package mpi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/comm/commtest"
)

// bench prints what Benchmark reports.
func bench(c comm.Comm) error {
	for _, m := range commtest.Measurements() {
		d, err := m.Time(ctx, c)
		if err != nil {
			return err
		}
		if c.Rank() == 0 {
			fmt.Printf("%s\t%.3f us\n", m.Name, d.Seconds()*1e6)
		}
	}
	return nil
}

// Benchmark reports the latency of collective calls between processes.
func Benchmark(b *testing.B) {
	for n := 1; n <= 4; n++ {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			out, code := mpirun(b, n, "bench")
			if code != 0 {
				b.Fatal(out)
			}
			for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
				var us float64
				name, value, _ := strings.Cut(line, "\t")
				if _, err := fmt.Sscanf(value, "%f us", &us); err != nil {
					b.Fatalf("%q: %v", line, err)
				}
				b.ReportMetric(us, "us/"+name)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
