package comm

import (
	"context"
	"fmt"
	"unsafe"
)

// Allreduce returns, on every rank, the elements of x combined over all ranks:
// element i is f(f(x0[i], x1[i]), x2[i])... with the x of ranks 0, 1, 2 and so on.
// It has the same bits on every rank, and on every run. x has the same length on
// all ranks; the result is fresh memory. f is for example [Sum], [Min] or [Max].
func Allreduce[T Number](ctx context.Context, c Comm, f func(a, b T) T, x []T) ([]T, error) {
	o := begin(ctx, c, kindAllreduce)
	small := len(bytesOf(x)) <= smallBytes
	all, err := allreduceHeads(o, x, small)
	if err != nil {
		return nil, err
	}
	if small {
		return fold(f, all), nil
	}
	return allreduceLarge(o, f, x)
}

// allreduceHeads checks that the ranks give equal numbers of elements, of equal
// size, and returns the elements of all if they are small.
func allreduceHeads[T Number](o op, x []T, small bool) ([][]T, error) {
	var zero T
	head := []uint64{uint64(len(x)), uint64(unsafe.Sizeof(zero))}
	data := bytesOf(head)
	if small {
		data = append(data, bytesOf(x)...)
	}
	got, err := o.allgatherBytes(data)
	if err != nil {
		return nil, err
	}
	all := make([][]T, len(got))
	for rank, b := range got {
		if its := numbersIn[uint64](b[:16]); its[0] != head[0] || its[1] != head[1] {
			return nil, o.mismatch(describe(head), rank, describe(its))
		}
		all[rank] = numbersIn[T](b[16:])
	}
	return all, nil
}

func describe(head []uint64) string {
	return fmt.Sprintf("Allreduce of %d elements of %d bytes", head[0], head[1])
}

// allreduceLarge gives each rank a piece of the elements to combine.
func allreduceLarge[T Number](o op, f func(a, b T) T, x []T) ([]T, error) {
	n := o.c.Size()
	pieces := make([][]byte, n)
	for r := range n {
		pieces[r] = bytesOf(x[r*len(x)/n : (r+1)*len(x)/n])
	}
	got, err := o.alltoall(pieces)
	if err != nil {
		return nil, err
	}
	mine := make([][]T, n)
	for r, b := range got {
		mine[r] = numbersIn[T](b)
	}
	folded, err := allgather(o, fold(f, mine))
	if err != nil {
		return nil, err
	}
	result := make([]T, 0, len(x))
	for _, piece := range folded {
		result = append(result, piece...)
	}
	return result, nil
}

// fold combines slices of equal length in their order.
func fold[T Number](f func(a, b T) T, all [][]T) []T {
	result := append([]T{}, all[0]...)
	for _, x := range all[1:] {
		for i, v := range x {
			result[i] = f(result[i], v)
		}
	}
	return result
}
