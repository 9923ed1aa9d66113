package npz

import (
	"encoding/binary"
	"unsafe"

	"github.com/soastore/soa"
)

// swapBytes reverses the bytes of each number in p. A complex number is two.
func swapBytes(p []byte, dtype soa.DType) {
	le, be := binary.LittleEndian, binary.BigEndian
	switch dtype.Align() {
	case 2:
		for ; len(p) >= 2; p = p[2:] {
			le.PutUint16(p, be.Uint16(p))
		}
	case 4:
		for ; len(p) >= 4; p = p[4:] {
			le.PutUint32(p, be.Uint32(p))
		}
	case 8:
		for ; len(p) >= 8; p = p[8:] {
			le.PutUint64(p, be.Uint64(p))
		}
	}
}

// scatter puts elements that come in Fortran order (the first index runs
// fastest) to their places in C order.
type scatter struct {
	shape, stride []int // stride: from one index to the next, in elements
	index         []int // of the next element
	at            int   // its place
}

func newScatter(shape []int) *scatter {
	s := &scatter{shape, make([]int, len(shape)), make([]int, len(shape)), 0}
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s.stride[i] = step
		step *= shape[i]
	}
	return s
}

// put places the next elements, of size bytes each: whole elements in src, the
// whole array in dst, both aligned.
func (s *scatter) put(dst, src []byte, size int) {
	switch size {
	case 1:
		place(s, dst, src)
	case 2:
		place(s, words[uint16](dst), words[uint16](src))
	case 4:
		place(s, words[uint32](dst), words[uint32](src))
	case 8:
		place(s, words[uint64](dst), words[uint64](src))
	case 16:
		place(s, words[[2]uint64](dst), words[[2]uint64](src))
	}
}

func place[T any](s *scatter, dst, src []T) {
	for len(src) > 0 {
		n := min(len(src), s.shape[0]-s.index[0])
		at, step := s.at, s.stride[0]
		for _, v := range src[:n] {
			dst[at] = v
			at += step
		}
		s.advance(n)
		src = src[n:]
	}
}

// advance moves n elements on, up to the end of the first dimension.
func (s *scatter) advance(n int) {
	for i := range s.shape {
		s.index[i] += n
		s.at += n * s.stride[i]
		if s.index[i] < s.shape[i] {
			return
		}
		s.at -= s.index[i] * s.stride[i]
		s.index[i], n = 0, 1
	}
}

// words returns the memory p as a slice of T, for which it is aligned.
func words[T any](p []byte) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(p))), len(p)/int(unsafe.Sizeof(t)))
}
