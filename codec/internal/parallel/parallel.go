// Package parallel runs pieces of work on several goroutines.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Do calls f with 0 ... n-1, on up to workers goroutines at once; 0 means one for
// each processor. It returns when all calls have, with the error of the lowest
// piece that failed; once one has, later pieces may be left out.
func Do(n, workers int, f func(i int) error) error {
	workers = min(Workers(workers), n)
	if workers <= 1 {
		return serial(n, f)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	var first failure
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					first.record(i, err)
					next.Store(int64(n))
				}
			}
		})
	}
	group.Wait()
	return first.err
}

// Workers returns n, or the number of processors if n is not positive.
func Workers(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

func serial(n int, f func(i int) error) error {
	for i := range n {
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

// failure is the error of the lowest piece that failed.
type failure struct {
	mu  sync.Mutex
	at  int
	err error
}

func (f *failure) record(i int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil || i < f.at {
		f.at, f.err = i, err
	}
}
