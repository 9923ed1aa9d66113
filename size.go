package soa

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// maxBytes is what one process can address on today's 64-bit machines: 47 bits.
// The runtime would panic over much more.
const maxBytes = min(1<<47, math.MaxInt-7)

// sizeOf returns the bytes that elements of type dtype in the shape dims take.
// The error is an ErrDType or an ErrShape; it takes a copy of dims, so that those
// of a call that goes well need no heap.
func sizeOf(dtype DType, dims []int) (int, error) {
	if !dtype.Valid() {
		return 0, fmt.Errorf("soa: %w: an array's elements cannot be of type %v", ErrDType, dtype)
	}
	n, err := product(dims)
	if err != nil {
		return 0, err
	}
	size, ok := mul(n, dtype.Size())
	if !ok || size > maxBytes {
		return 0, fmt.Errorf("soa: %w: %v elements of %v exceed the address space", ErrShape, slices.Clone(dims), dtype)
	}
	return size, nil
}

// product returns the number of elements of a shape, 1 for no dims. An extent of
// zero makes it zero, whatever the others would overflow to.
func product(dims []int) (int, error) {
	n, ok := 1, true
	for _, d := range dims {
		if d < 0 {
			return 0, fmt.Errorf("soa: %w: negative extent in %v", ErrShape, slices.Clone(dims))
		}
		if ok {
			n, ok = mul(n, d)
		}
	}
	if slices.Contains(dims, 0) {
		return 0, nil
	}
	if !ok {
		return 0, fmt.Errorf("soa: %w: %v overflows", ErrShape, slices.Clone(dims))
	}
	return n, nil
}

// mul returns a*b for a and b that are not negative, and whether it fits an int.
func mul(a, b int) (int, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int(lo), hi == 0 && lo <= math.MaxInt
}
