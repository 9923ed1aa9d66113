package comm

import (
	"unsafe"
)

// Number is the element types that ranks exchange. They go as raw memory: all
// ranks run on machines of the same architecture.
type Number interface {
	Real | ~complex64 | ~complex128
}

// Real is the Numbers that have an order.
type Real interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

// Sum returns a + b.
func Sum[T Number](a, b T) T { return a + b }

// Min returns the smaller one, or NaN if one is NaN.
func Min[T Real](a, b T) T { return min(a, b) }

// Max returns the larger one, or NaN if one is NaN.
func Max[T Real](a, b T) T { return max(a, b) }

// bytesOf returns the memory of x.
func bytesOf[T Number](x []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(zero)))
}

// numbersIn returns the numbers whose memory is b, whose length is a multiple of
// theirs: b's own memory if that is aligned for them, else a copy.
func numbersIn[T Number](b []byte) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	p := unsafe.Pointer(unsafe.SliceData(b))
	if len(b) == 0 {
		return []T{}
	}
	if uintptr(p)%unsafe.Alignof(zero) == 0 {
		return unsafe.Slice((*T)(p), len(b)/size)
	}
	x := make([]T, len(b)/size)
	copy(bytesOf(x), b)
	return x
}
