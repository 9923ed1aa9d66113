// Package together does work on pieces of memory on all processors at once.
package together

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// worth is how many bytes are worth several goroutines.
const worth = 1 << 20

// Parts is into how many parts n bytes are to be divided for [InParts], at least 1.
func Parts(n int64) int {
	return int(max(1, min(int64(runtime.GOMAXPROCS(0)), n/worth)))
}

// InParts calls fn for so many parts of n bytes, which reach from lo up to hi, as [Do]
// does. All but the last are whole units.
func InParts(n int64, parts int, unit int64, fn func(part int, lo, hi int64) error) error {
	if parts == 1 {
		return fn(0, 0, n)
	}
	start := func(part int) int64 {
		if part == parts {
			return n
		}
		return n / int64(parts) * int64(part) / unit * unit
	}
	sizes := make([]int64, parts)
	for i := range sizes {
		sizes[i] = start(i+1) - start(i)
	}
	return Do(sizes, func(i int) error { return fn(i, start(i), start(i+1)) })
}

// SumParts returns the CRC of n bytes that follow those whose CRC is crc, 0 for none: it
// calls sum for the CRCs of so many parts of them, as [InParts] does, and join for that of
// two blocks from theirs and the length of the second.
func SumParts[T uint32 | uint64](crc T, n int64, parts int, unit int64, join func(crc1, crc2 T, len2 int64) T, sum func(lo, hi int64) (T, error)) (T, error) {
	if parts == 1 && crc == 0 { // which saves a join
		return sum(0, n)
	}
	type block struct {
		crc  T
		size int64
	}
	blocks := make([]block, parts)
	err := InParts(n, parts, unit, func(part int, lo, hi int64) (err error) {
		blocks[part].size = hi - lo
		blocks[part].crc, err = sum(lo, hi)
		return err
	})
	for _, b := range blocks {
		crc = join(crc, b.crc, b.size)
	}
	return crc, err
}

// Do calls fn(i) for each piece of memory, of sizes[i] bytes: on as many
// goroutines as there are processors, the largest piece first, and on the calling one
// if there is little to do. It returns when all calls have, with the error of the first
// piece that failed; once one has, others may be left out.
//
// A panic of fn, also for a fault in a mapping, becomes one of the calling goroutine,
// so that it is that one's [debug.SetPanicOnFault] that counts.
func Do(sizes []int64, fn func(i int) error) error {
	total := int64(0)
	for _, size := range sizes {
		total += size
	}
	workers := min(runtime.GOMAXPROCS(0), len(sizes))
	if workers < 2 || total < worth {
		for i := range sizes {
			if err := fn(i); err != nil {
				return err
			}
		}
		return nil
	}
	errs, order := make([]error, len(sizes)), make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(sizes[j], sizes[i]) })
	var next atomic.Int64
	var panicked atomic.Pointer[any]
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			debug.SetPanicOnFault(true)
			defer func() {
				if p := recover(); p != nil {
					panicked.Store(&p)
					next.Store(int64(len(order)))
				}
			}()
			for k := next.Add(1) - 1; k < int64(len(order)); k = next.Add(1) - 1 {
				i := order[k]
				if errs[i] = fn(i); errs[i] != nil {
					next.Store(int64(len(order)))
				}
			}
		})
	}
	all.Wait()
	if p := panicked.Load(); p != nil {
		panic(*p)
	}
	return cmp.Or(errs...)
}
