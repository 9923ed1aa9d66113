package shuffle

//go:generate go -C gen run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg shuffle

// Shuffle sets dst to src with byte k of every element grouped together, for
// k = 0, 1, ... typesize-1. Bytes after the last whole element are copied as they
// are. dst must be as long as src, and apart from it; typesize is at least 1.
func Shuffle(dst, src []byte, typesize int) {
	check(dst, src, typesize)
	n := len(src) / typesize
	var few [16][]byte
	Split(cut(few[:0], dst, typesize, n), src[:n*typesize])
	copy(dst[n*typesize:], src[n*typesize:])
}

// Unshuffle is the inverse of [Shuffle], under the same conditions.
func Unshuffle(dst, src []byte, typesize int) {
	check(dst, src, typesize)
	n := len(src) / typesize
	var few [16][]byte
	Join(dst[:n*typesize], cut(few[:0], src, typesize, n))
	copy(dst[n*typesize:], src[n*typesize:])
}

// Split sets planes[k][i] to byte k of element i of src. An element has a byte for
// each plane; each plane has room for all of len(src)/len(planes) elements.
func Split(planes [][]byte, src []byte) {
	n := planeLen(planes, len(src))
	if len(planes) == 1 {
		copy(planes[0], src)
		return
	}
	splitPortable(planes, src, splitVector(planes, src, n), n)
}

// Join is the inverse of [Split]: it sets byte k of element i of dst to planes[k][i].
func Join(dst []byte, planes [][]byte) {
	n := planeLen(planes, len(dst))
	if len(planes) == 1 {
		copy(dst, planes[0])
		return
	}
	joinPortable(dst, planes, joinVector(dst, planes, n), n)
}

// planeLen returns the number of elements in size bytes, once it is certain that
// all of them fit the planes: the kernels check no bounds.
func planeLen(planes [][]byte, size int) int {
	if len(planes) == 0 || size%len(planes) != 0 {
		panic("shuffle: length is not a multiple of the number of planes")
	}
	n := size / len(planes)
	for _, p := range planes {
		if len(p) < n {
			panic("shuffle: a plane is shorter than the number of elements")
		}
	}
	return n
}

// cut appends to planes the first k pieces of n bytes of b.
func cut(planes [][]byte, b []byte, k, n int) [][]byte {
	for ; k > 0; k-- {
		planes = append(planes, b[:n:n])
		b = b[n:]
	}
	return planes
}

func check(dst, src []byte, typesize int) {
	if typesize < 1 {
		panic("shuffle: typesize is below 1")
	}
	if len(dst) != len(src) {
		panic("shuffle: dst and src differ in length")
	}
}
