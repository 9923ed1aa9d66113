package genericio

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// maxAtOnce is how many columns are read, compressed or decoded at a time. All
// processors work on one that is compressed; several columns keep them busy where
// that work is sequential, at the cost of the intermediate memory of as many
// columns.
const maxAtOnce = 4

const (
	// manyBytes is how much there must be to read before it is worth a goroutine
	// each column.
	manyBytes = 1 << 20
	// manyCoded is that where columns are compressed or decoded.
	manyCoded = 256 << 10
)

// columnsAtOnce calls do for columns 0 ... n-1, several at a time, and returns the
// error of the first that failed, which ends the context of the others.
func columnsAtOnce(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(min(maxAtOnce, runtime.GOMAXPROCS(0)))
	for i := range n {
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}
