//go:build amd64 && !purego && !noasm

package shuffle

import "golang.org/x/sys/cpu"

// level is which vector kernels the processor can run.
type level int

const (
	portable level = iota
	avx2
	vbmi // AVX-512 with byte permutes and GFNI
)

var have = detect()

func detect() level {
	x := cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512VBMI && x.HasAVX512GFNI:
		return vbmi
	case x.HasAVX2:
		return avx2
	}
	return portable
}

// splitVector does the first elements of Split, and returns how many.
func splitVector(planes [][]byte, src []byte, n int) int {
	size := len(planes)
	switch {
	case have == portable || n < 64:
		return 0
	case !common(size):
		return splitColumns(planes, src, n&^31)
	case have == avx2:
		n &^= 31
		splitAVX2(size, point(planes), &src[0], n)
	default:
		n &^= 63
		splitVBMI(size, point(planes), &src[0], n)
	}
	return n
}

// joinVector does the first elements of Join, and returns how many.
func joinVector(dst []byte, planes [][]byte, n int) int {
	size := len(planes)
	switch {
	case have == portable || n < 64:
		return 0
	case !common(size):
		return joinColumns(dst, planes, n&^31)
	case have == avx2:
		n &^= 31
		joinAVX2(size, &dst[0], point(planes), n)
	default:
		n &^= 63
		joinVBMI(size, &dst[0], point(planes), n)
	}
	return n
}

// common reports whether elements of size bytes have kernels of their own. Those
// of AVX2 take 32 elements at a turn, those of VBMI 64.
func common(size int) bool { return size == 2 || size == 4 || size == 8 }

func point(planes [][]byte) (p [16]*byte) {
	for k, b := range planes {
		p[k] = &b[0]
	}
	return p
}

func splitAVX2(size int, planes [16]*byte, src *byte, n int) {
	switch size {
	case 2:
		split2AVX2(&planes, src, n)
	case 4:
		split4AVX2(&planes, src, n)
	case 8:
		split8AVX2(&planes, src, n)
	}
}

func splitVBMI(size int, planes [16]*byte, src *byte, n int) {
	switch size {
	case 2:
		split2VBMI(&planes, src, n)
	case 4:
		split4VBMI(&planes, src, n)
	case 8:
		split8VBMI(&planes, src, n)
	}
}

func joinAVX2(size int, dst *byte, planes [16]*byte, n int) {
	switch size {
	case 2:
		join2AVX2(dst, &planes, n)
	case 4:
		join4AVX2(dst, &planes, n)
	case 8:
		join8AVX2(dst, &planes, n)
	}
}

func joinVBMI(size int, dst *byte, planes [16]*byte, n int) {
	switch size {
	case 2:
		join2VBMI(dst, &planes, n)
	case 4:
		join4VBMI(dst, &planes, n)
	case 8:
		join8VBMI(dst, &planes, n)
	}
}

// columnTile is how many elements the columns kernels take through all their
// columns at a time, so that they stay in a near cache.
const columnTile = 256

// splitColumns splits n elements, a multiple of 32, of any size: 8 bytes of each at
// a time, the last 8 of them overlapping the 8 before where the size is not a
// multiple of 8. Of elements below 8 bytes it reads into the next ones, so it
// leaves the last ones out.
func splitColumns(planes [][]byte, src []byte, n int) int {
	size := len(planes)
	n = columnElements(size, n)
	var spare [columnTile]byte
	for at := 0; at < n; at += columnTile {
		e := min(columnTile, n-at)
		for c := 0; c < size; c += 8 {
			c := max(0, min(c, size-8))
			p := columnPointers(planes, c, at, &spare)
			splitColumnsAVX2(&p, &src[at*size+c], size, e)
		}
	}
	return n
}

// joinColumns is the inverse of splitColumns, and writes where that one reads.
func joinColumns(dst []byte, planes [][]byte, n int) int {
	size := len(planes)
	n = columnElements(size, n)
	var spare [columnTile]byte
	for at := 0; at < n; at += columnTile {
		e := min(columnTile, n-at)
		for c := 0; c < size; c += 8 {
			c := max(0, min(c, size-8))
			p := columnPointers(planes, c, at, &spare)
			joinColumnsAVX2(&dst[at*size+c], size, &p, e)
		}
	}
	return n
}

// columnElements returns how many of n elements leave 8 bytes from the last one's
// start on.
func columnElements(size, n int) int {
	if size < 8 {
		return (n - 3) &^ 31
	}
	return n
}

// columnPointers points at element at of eight planes from plane c on, and at
// spare for those that do not exist.
func columnPointers(planes [][]byte, c, at int, spare *[columnTile]byte) (p [16]*byte) {
	for k := range 8 {
		if c+k < len(planes) {
			p[k] = &planes[c+k][at]
		} else {
			p[k] = &spare[0]
		}
	}
	return p
}

// transposeBitsVector does the first bytes of transposeBits, and returns how many.
func transposeBitsVector(b []byte, before, after byte) int {
	if have == portable || len(b) < 64 {
		return 0
	}
	n := len(b) &^ 63
	if have == vbmi {
		transposeBitsGFNI(&b[0], n, before, after)
	} else {
		transposeBitsAVX2(&b[0], n, before, after)
	}
	return n
}
