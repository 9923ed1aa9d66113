package soa

import (
	"bytes"
	"fmt"
	"slices"
	"unsafe"
)

// Array is a typed, shaped view of contiguous memory in C order (the last index
// runs fastest) and in the machine's byte order. Copying an Array copies the
// view, not the elements. The zero Array is of type Invalid and has no elements.
type Array struct {
	dtype DType
	shape []int
	data  []byte // aligned for dtype; len is Len()*dtype.Size()
	lease *lease // of memory that Release can give back, else nil
}

// Of returns the one-dimensional array whose memory is s. It copies nothing.
func Of[T Element](s []T) Array {
	return Array{dtype: DTypeOf[T](), shape: []int{len(s)}, data: bytesOf(s)}
}

// Shaped returns the array of shape dims whose memory is s, in C order. It
// copies nothing. With no dims it is 0-dimensional, and s has one element. It
// panics if len(s) is not the product of dims, as a slice conversion would;
// [Array.Reshape] is the checked form.
func Shaped[T Element](s []T, dims ...int) Array {
	a, err := Of(s).Reshape(dims...)
	if err != nil {
		panic(err)
	}
	return a
}

// Values returns a's elements as a slice in C order, sharing a's memory. If a's
// elements are not of type T, the error is a *DTypeError that names both types.
func Values[T Element](a Array) ([]T, error) {
	if want := DTypeOf[T](); a.dtype != want {
		return nil, &DTypeError{Have: a.dtype, Want: want}
	}
	if len(a.data) == 0 {
		return []T{}, nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(a.data))), a.Len()), nil
}

// New returns an array of zeros that owns its memory. The error is an ErrDType
// or an ErrShape: a negative extent, or more than any machine can hold.
func New(dtype DType, dims ...int) (Array, error) {
	size, err := sizeOf(dtype, dims)
	if err != nil {
		return Array{}, err
	}
	return Array{dtype: dtype, shape: slices.Clone(dims), data: alloc(size)}, nil
}

// FromBytes returns the array of the given type and shape whose memory is data:
// C order, native byte order, len(data) exactly the array's size, and data
// aligned for dtype ([DType.Align]). It copies nothing. Bool elements must be 0
// or 1, which FromBytes checks. The error is an ErrDType or an ErrShape.
func FromBytes(dtype DType, data []byte, dims ...int) (Array, error) {
	size, err := sizeOf(dtype, dims)
	if err != nil {
		return Array{}, err
	}
	if size != len(data) {
		return Array{}, fmt.Errorf("soa: %w: %d bytes are not %v elements of %v", ErrShape, len(data), slices.Clone(dims), dtype)
	}
	if size > 0 && !aligned(data, dtype) {
		return Array{}, fmt.Errorf("soa: %w: memory is not aligned for %v: copy it into an array of New", ErrDType, dtype)
	}
	if dtype == Bool {
		if i := slices.IndexFunc(data, func(b byte) bool { return b > 1 }); i >= 0 {
			return Array{}, fmt.Errorf("soa: %w: bool element %d is the byte %d, neither 0 nor 1", ErrDType, i, data[i])
		}
	}
	return Array{dtype: dtype, shape: slices.Clone(dims), data: slices.Clip(data)}, nil
}

// Resize returns an array of the given type and shape in a's memory if that is
// large enough and aligned, else in fresh memory. Its elements are undefined
// until written. An array that was made smaller keeps its memory and can grow
// back into it, so that one array serves reads of changing size: go on with the
// result alone, as after append. Memory from [Of] and [FromBytes] is used up to
// the slice's length, never up to its capacity, and memory from [Array.Slice] up
// to the last row. The error is that of [New].
func (a Array) Resize(dtype DType, dims ...int) (Array, error) {
	size, err := sizeOf(dtype, dims)
	if err != nil {
		return Array{}, err
	}
	if dtype == a.dtype && slices.Equal(dims, a.shape) {
		return a, nil
	}
	if size > cap(a.data) || !aligned(a.data, dtype) || a.dtype == Bool && dtype != Bool {
		// Fresh memory, also since a caller's []bool must hold no other bytes.
		if dtype == Bool {
			return New(dtype, dims...)
		}
		data, lease := lend(size)
		return Array{dtype, slices.Clone(dims), data, lease}, nil
	}
	data := a.data[:size]
	if dtype == Bool { // a byte that another type left is no bool
		clear(data)
	}
	return Array{dtype, slices.Clone(dims), data, a.lease}, nil
}

// DType returns the type of the elements.
func (a Array) DType() DType { return a.dtype }

// Shape returns the extent of each dimension. The caller must not change it.
func (a Array) Shape() []int { return a.shape }

// NDim returns the number of dimensions, 0 for a scalar.
func (a Array) NDim() int { return len(a.shape) }

// Len returns the number of elements.
func (a Array) Len() int {
	if a.dtype == Invalid {
		return 0
	}
	return len(a.data) / a.dtype.Size()
}

// Rows returns the extent of the first dimension, 1 for a scalar.
func (a Array) Rows() int {
	if len(a.shape) == 0 {
		return min(1, a.Len())
	}
	return a.shape[0]
}

// NBytes returns the bytes that the elements take.
func (a Array) NBytes() int { return len(a.data) }

// Bytes returns the memory of the elements: C order, native byte order, shared.
// Who writes to it puts only 0 and 1 into an array of Bool.
func (a Array) Bytes() []byte { return slices.Clip(a.data) }

// Reshape returns the same elements with another shape, sharing memory. The
// number of elements must stay the same, else the error is an ErrShape.
func (a Array) Reshape(dims ...int) (Array, error) {
	n, err := product(dims)
	if err != nil {
		return Array{}, err
	}
	if n != a.Len() {
		return Array{}, fmt.Errorf("soa: %w: %d elements do not fill the shape %v", ErrShape, a.Len(), slices.Clone(dims))
	}
	return Array{a.dtype, slices.Clone(dims), a.data, a.lease}, nil
}

// Slice returns rows lo up to, not including, hi, sharing memory; a scalar is
// one row. It panics if they are out of range, as slicing does.
func (a Array) Slice(lo, hi int) Array {
	if lo < 0 || hi < lo || hi > a.Rows() {
		panic(fmt.Sprintf("soa: rows %d:%d of an array of %d rows", lo, hi, a.Rows()))
	}
	row := 0
	if a.Rows() > 0 {
		row = len(a.data) / a.Rows()
	}
	shape := []int{hi - lo}
	if len(a.shape) > 0 {
		shape = append(shape, a.shape[1:]...)
	}
	return Array{a.dtype, shape, a.data[lo*row : hi*row : hi*row], a.lease}
}

// Clone returns a copy that owns its memory, which [Dict.Release] can give back.
func (a Array) Clone() Array {
	out := a.blank()
	copyAll([]copying{{out.data, a.data}})
	return out
}

// blank returns an array like a, whose elements are undefined.
func (a Array) blank() Array {
	if a.dtype == Invalid {
		return Array{}
	}
	data, lease := lend(len(a.data))
	return Array{a.dtype, slices.Clone(a.shape), data, lease}
}

// Equal reports whether a and b have the same type, shape and bits: a NaN equals
// a NaN of the same bits, and 0 does not equal -0.
func (a Array) Equal(b Array) bool {
	return a.dtype == b.dtype && slices.Equal(a.shape, b.shape) && bytes.Equal(a.data, b.data)
}

// String returns the type and shape, for example "float32[1000 3]".
func (a Array) String() string { return fmt.Sprintf("%v%v", a.dtype, a.shape) }

// bytesOf returns the memory of s, up to its length.
func bytesOf[T Element](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}

// aligned reports whether elements of type dtype may lie at the start of data.
func aligned(data []byte, dtype DType) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(data)))%uintptr(dtype.Align()) == 0
}
