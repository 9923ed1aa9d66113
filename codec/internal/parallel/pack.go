package parallel

import (
	"sync"

	"github.com/soastore/soa/codec/internal/scratch"
)

// Pack writes n pieces to out, one right behind the other, and returns their sizes.
// f writes piece i to its argument, of bound bytes, and returns how many it took.
// out has n*bound bytes.
//
// One goroutine writes each piece where the one before it ends. Several write each
// into memory of their own, and copy it from there, while it is in the cache, once it
// is known where the one before it ends.
func Pack(out []byte, n, bound, workers int, f func(out []byte, i int) int) []int {
	sizes := make([]int, n)
	if min(Workers(workers), n) == 1 {
		for i := range sizes {
			sizes[i] = f(out[:bound], i)
			out = out[sizes[i]:]
		}
		return sizes
	}
	line := newLine()
	_ = Do(n, workers, func(i int) error { // f does not fail
		own := scratch.Get(bound)
		defer scratch.Put(own)
		sizes[i] = f(own.B, i)
		copy(out[line.place(i, sizes[i]):], own.B[:sizes[i]])
		return nil
	})
	return sizes
}

// line is where pieces of unknown sizes queue for their places.
type line struct {
	mu    sync.Mutex
	moved sync.Cond
	first int // the piece whose turn it is
	at    int // where it begins
}

func newLine() *line {
	l := new(line)
	l.moved.L = &l.mu
	return l
}

// place waits until the pieces before i have been placed, and returns where i is, of
// size bytes.
func (l *line) place(i, size int) (at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.first != i {
		l.moved.Wait()
	}
	at = l.at
	l.first++
	l.at += size
	l.moved.Broadcast()
	return at
}
