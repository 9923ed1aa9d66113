package comm

import (
	"context"
	"encoding/binary"
	"fmt"
	"unsafe"
)

// Allgather returns, on every rank, what each rank gave: element r is rank r's x.
// The lengths may differ. The slices share memory, which is the caller's.
func Allgather[T Number](ctx context.Context, c Comm, x []T) ([][]T, error) {
	return allgather(begin(ctx, c, kindAllgather), x)
}

func allgather[T Number](o op, x []T) ([][]T, error) {
	blocks, err := o.allgatherBytes(bytesOf(x))
	if err != nil {
		return nil, err
	}
	var zero T
	all := make([][]T, len(blocks))
	for rank, b := range blocks {
		if size := int(unsafe.Sizeof(zero)); len(b)%size != 0 {
			return nil, o.mismatch(fmt.Sprintf("%v of elements of %d bytes", o.kind, size), rank, fmt.Sprintf("%v of %d bytes", o.kind, len(b)))
		}
		all[rank] = numbersIn[T](b)
	}
	return all, nil
}

// allgatherBytes returns each rank's data. A rank collects, in this order, its own
// block and those of the ranks above it, each as
//
//	0  u64  length
//	8       the data, and zeros to the next multiple of 8
//
// and in each round gives as many as are missing, at most all that it has, from the
// first on, to the rank below. These are the next ones for that rank (Bruck et al.,
// Efficient Algorithms for All-to-All Communications, 1997).
func (o op) allgatherBytes(data []byte) ([][]byte, error) {
	rank, n := o.c.Rank(), o.c.Size()
	var b blocks
	b.append(data)
	err := o.rounds(
		func(d int) []byte { return b.first(min(d, n-d)) },
		func(d int, got []byte) error {
			b.data = append(b.data, got...)
			if have := b.scan(); have != min(2*d, n) {
				return o.fail(fmt.Errorf("comm: %v has %d blocks instead of %d from rank %d", o.kind, have, min(2*d, n), (rank+d)%n))
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	all := make([][]byte, n)
	for i := range n {
		all[(rank+i)%n] = b.block(i)
	}
	return all, nil
}

// blocks is a list of blocks in contiguous memory.
type blocks struct {
	data []byte
	ends []int // of the blocks scanned, with their zeros
}

func (b *blocks) append(data []byte) {
	b.data = make([]byte, 8, 8+padded(len(data)))
	binary.NativeEndian.PutUint64(b.data, uint64(len(data)))
	b.data = append(b.data, data...)
	b.data = b.data[:8+padded(len(data))]
	b.scan()
}

// scan finds the blocks in memory added since, and returns how many there are in
// all, or -1 if the memory does not end with a block.
func (b *blocks) scan() int {
	for start := b.start(len(b.ends)); start < len(b.data); start = b.start(len(b.ends)) {
		rest := len(b.data) - start - 8
		if rest < 0 {
			return -1
		}
		size := binary.NativeEndian.Uint64(b.data[start:])
		if size > uint64(rest) || padded(int(size)) > rest {
			return -1
		}
		b.ends = append(b.ends, start+8+padded(int(size)))
	}
	return len(b.ends)
}

func (b *blocks) start(i int) int {
	if i == 0 {
		return 0
	}
	return b.ends[i-1]
}

func (b *blocks) first(n int) []byte { return b.data[:b.start(n)] }

func (b *blocks) block(i int) []byte {
	start := b.start(i)
	end := start + 8 + int(binary.NativeEndian.Uint64(b.data[start:]))
	return b.data[start+8 : end : end]
}

// padded returns n rounded up to a multiple of 8, so that numbers are aligned.
func padded(n int) int { return (n + 7) &^ 7 }
