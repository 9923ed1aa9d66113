// Package scratch keeps memory for intermediate results, to use it again.
package scratch

import "sync"

var pool sync.Pool

// A Buffer is memory on loan. Its content is arbitrary.
type Buffer struct{ B []byte }

// Get returns a buffer of n bytes. Put returns it; it may also be dropped.
func Get(n int) *Buffer {
	b, _ := pool.Get().(*Buffer)
	if b == nil {
		b = new(Buffer)
	}
	if cap(b.B) < n {
		b.B = make([]byte, n)
	}
	b.B = b.B[:n]
	return b
}

// Put takes back what Get lent.
func Put(b *Buffer) { pool.Put(b) }
