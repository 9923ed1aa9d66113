// Package scratch keeps memory for intermediate results, to use it again.
package scratch

import (
	"math/bits"
	"sync"
)

// pools has the buffers of 1<<i bytes in pools[i], so that small and large uses do
// not take each other's.
var pools [bits.UintSize]sync.Pool

// A Buffer is memory on loan. Its content is arbitrary.
type Buffer struct{ B []byte }

// Get returns a buffer of n bytes. Put returns it; it may also be dropped.
func Get(n int) *Buffer {
	class := class(n)
	b, _ := pools[class].Get().(*Buffer)
	if b == nil {
		b = &Buffer{make([]byte, 1<<class)}
	}
	b.B = b.B[:n]
	return b
}

// Put takes back what Get lent.
func Put(b *Buffer) { pools[class(cap(b.B))].Put(b) }

// class returns the least i such that 1<<i is at least n.
func class(n int) int { return bits.Len(uint(max(n, 1) - 1)) }

// Append appends to dst what write writes: it is given bound bytes and returns how
// many of them it used. Where dst has no room for bound bytes they are scratch, so
// that the result takes no more memory than it needs.
func Append(dst []byte, bound int, write func(out []byte) int) []byte {
	if free := dst[len(dst):cap(dst)]; len(free) >= bound {
		return dst[:len(dst)+write(free[:bound])]
	}
	b := Get(bound)
	defer Put(b)
	return append(dst, b.B[:write(b.B)]...)
}
