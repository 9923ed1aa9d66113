package arena

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/soastore/soa/internal/crc64"
)

// part is a column, or a piece of one: its memory, and where it lies in the file.
type part struct {
	field int
	p     []byte
	off   int64
	sum   uint64 // CRC-64, once it was moved
}

const (
	workers   = 2        // goroutines that move one value: more than that, memory has no use for
	shareMin  = 8 << 20  // from how many bytes on they share a value
	jobLen    = 16 << 20 // what one takes at a time
	directLen = 4 << 20  // what it takes at a time past the system's cache
)

// each calls fn for all columns, which are sorted by offset, in jobs of parts that
// follow each other, and returns all parts in order. Large values are cut into jobs
// of a fixed length in the file, which goroutines share.
func each(ctx context.Context, columns []part, direct bool, fn func(context.Context, []part) error) ([]part, error) {
	if len(columns) == 0 {
		return nil, nil
	}
	total := int64(0)
	for i := range columns {
		total += int64(len(columns[i].p))
	}
	share := total >= shareMin && runtime.GOMAXPROCS(0) > 1
	switch {
	case direct:
		columns, jobs := cut(columns, directLen)
		return columns, run(ctx, jobs, share, fn)
	case share:
		columns, jobs := cut(columns, min(jobLen, roundUp(total/(2*workers), block)))
		return columns, run(ctx, jobs, true, fn)
	}
	return columns, fn(ctx, columns)
}

// cut cuts columns where the file's offset is a multiple of length, and returns the
// parts, and the runs of them that lie between such offsets.
func cut(columns []part, length int64) (parts []part, jobs [][]part) {
	starts := []int{0}
	for _, c := range columns {
		for {
			n := min(int64(len(c.p)), length-c.off%length)
			if k := len(parts); k > 0 && parts[k-1].off/length != c.off/length {
				starts = append(starts, k)
			}
			parts = append(parts, part{field: c.field, p: c.p[:n], off: c.off})
			if c.p, c.off = c.p[n:], c.off+n; len(c.p) == 0 {
				break
			}
		}
	}
	for i, start := range starts {
		end := len(parts)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		jobs = append(jobs, parts[start:end])
	}
	return parts, jobs
}

// run calls fn for each job, in order, by one goroutine or several.
func run(ctx context.Context, jobs [][]part, share bool, fn func(context.Context, []part) error) error {
	if !share {
		for _, job := range jobs {
			if err := fn(ctx, job); err != nil {
				return err
			}
		}
		return nil
	}
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range workers {
		g.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(jobs)); i = next.Add(1) - 1 {
				if err := fn(ctx, jobs[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// sums calls fn with the checksum of each field that has parts, which are in order.
func sums(parts []part, fn func(field int, sum uint64)) {
	for len(parts) > 0 {
		field, sum := parts[0].field, parts[0].sum
		for parts = parts[1:]; len(parts) > 0 && parts[0].field == field; parts = parts[1:] {
			sum = crc64.Combine(sum, parts[0].sum, int64(len(parts[0].p)))
		}
		fn(field, sum)
	}
}
