package main

import (
	"fmt"
	"github.com/mmcloughlin/avo/attr"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX2 kernels take 32 elements a turn. An instruction on a 32-byte vector
// works on its two 16-byte lanes apart, so the low lanes take the first 16
// elements and the high lanes the last 16: then planes come out in order.

// ymms returns n fresh vectors.
func ymms(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = YMM()
	}
	return v
}

// loadLanes loads 16 bytes at m into the low lane of v, 16 at m+far into the high.
func loadLanes(v VecVirtual, m Mem, far int) {
	VMOVDQU(m, v.AsX())
	VINSERTI128(Imm(1), m.Offset(far), v, v)
}

// storeLanes stores the low lanes of a and b at m, one after the other, and their
// high lanes at m+far. Few wide stores are faster than many narrow ones. It uses up a.
func storeLanes(a, b VecVirtual, m Mem, far int) {
	low := YMM()
	VPERM2I128(Imm(0x20), b, a, low)
	VPERM2I128(Imm(0x31), b, a, a)
	VMOVDQU(low, m)
	VMOVDQU(a, m.Offset(far))
}

// interleave returns the low and the high halves of a's and b's lanes interleaved,
// by a pair of VPUNPCK instructions. It uses up a and b: registers are few.
func interleave(low, high func(ops ...Op), a, b VecVirtual) (lo, hi VecVirtual) {
	lo = YMM()
	low(b, a, lo)
	high(b, a, a)
	return lo, a
}

// transpose2 transposes, in each lane, 2 rows of 2 quadwords.
func transpose2(v []VecVirtual) []VecVirtual {
	lo, hi := interleave(VPUNPCKLQDQ, VPUNPCKHQDQ, v[0], v[1])
	return []VecVirtual{lo, hi}
}

// transpose4 transposes, in each lane, 4 rows of 4 doublewords.
func transpose4(v []VecVirtual) []VecVirtual {
	lo, hi := make([]VecVirtual, 2), make([]VecVirtual, 2)
	for i := range lo {
		lo[i], hi[i] = interleave(VPUNPCKLDQ, VPUNPCKHDQ, v[2*i], v[2*i+1])
	}
	return append(transpose2(lo), transpose2(hi)...)
}

// transpose8 transposes, in each lane, 8 rows of 8 words.
func transpose8(v []VecVirtual) []VecVirtual {
	lo, hi := make([]VecVirtual, 4), make([]VecVirtual, 4)
	for i := range lo {
		lo[i], hi[i] = interleave(VPUNPCKLWD, VPUNPCKHWD, v[2*i], v[2*i+1])
	}
	return append(transpose4(lo), transpose4(hi)...)
}

// laneShuffle returns a constant for VPSHUFB, the same in both lanes: output
// byte i is byte index(i) of the lane.
func laneShuffle(name string, index func(i int) int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := range 32 {
		DATA(i, U8(index(i%16)))
	}
	return m
}

// group returns the order that groups a lane's bytes by their place in an
// element of size bytes, and ungroup the inverse.
func group(size int) func(int) int {
	n := 16 / size
	return func(i int) int { return i%n*size + i/n }
}

func ungroup(size int) func(int) int { return group(16 / size) }

// planePointers loads the first n pointers of an array of them.
func planePointers(n int) []Register {
	base := Mem{Base: Load(Param("planes"), GP64())}
	p := make([]Register, n)
	for i := range p {
		r := GP64()
		MOVQ(base.Offset(8*i), r)
		p[i] = r
	}
	return p
}

// loop runs body with i = 0, step, 2*step ... while i < n. n is a multiple of step.
func loop(step int, body func(i Register)) {
	n := Load(Param("n"), GP64())
	i := GP64()
	XORQ(i, i)
	JMP(LabelRef("check"))
	Label("loop")
	body(i)
	ADDQ(U32(step), i)
	Label("check")
	CMPQ(i, n)
	JLT(LabelRef("loop"))
}

func splitFunc(name, doc string, step int) {
	TEXT(name, NOSPLIT, "func(planes *[16]*byte, src *byte, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s %s n is a multiple of %d.", name, doc, step))
}

func joinFunc(name, doc string, step int) {
	TEXT(name, NOSPLIT, "func(dst *byte, planes *[16]*byte, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s %s n is a multiple of %d.", name, doc, step))
}

// splitAVX2 makes the kernel for elements of size bytes, whose 16-byte rows
// transpose turns into planes once the bytes of a lane are grouped.
func splitAVX2(size int, transpose func([]VecVirtual) []VecVirtual) {
	name := fmt.Sprintf("split%dAVX2", size)
	order := laneShuffle(name+"Order", group(size))
	splitFunc(name, fmt.Sprintf("moves byte k of n elements of %d bytes to plane k.", size), 32)
	planes := planePointers(size)
	src := Load(Param("src"), GP64())
	mask := YMM()
	VMOVDQU(order, mask)
	loop(32, func(i Register) {
		v := ymms(size)
		for r := range v {
			loadLanes(v[r], Mem{Base: src, Disp: 16 * r}, 16*size)
			VPSHUFB(mask, v[r], v[r])
		}
		for k, p := range transpose(v) {
			VMOVDQU(p, Mem{Base: planes[k], Index: i, Scale: 1})
		}
		ADDQ(U32(32*size), src)
	})
	VZEROUPPER()
	RET()
}

func joinAVX2(size int, transpose func([]VecVirtual) []VecVirtual) {
	name := fmt.Sprintf("join%dAVX2", size)
	order := laneShuffle(name+"Order", ungroup(size))
	joinFunc(name, fmt.Sprintf("makes n elements of %d bytes, whose byte k is in plane k.", size), 32)
	planes := planePointers(size)
	dst := Load(Param("dst"), GP64())
	mask := YMM()
	VMOVDQU(order, mask)
	loop(32, func(i Register) {
		v := ymms(size)
		for k := range v {
			VMOVDQU(Mem{Base: planes[k], Index: i, Scale: 1}, v[k])
		}
		e := transpose(v)
		for r := 0; r < size; r += 2 {
			VPSHUFB(mask, e[r], e[r])
			VPSHUFB(mask, e[r+1], e[r+1])
			storeLanes(e[r], e[r+1], Mem{Base: dst, Disp: 16 * r}, 16*size)
		}
		ADDQ(U32(32*size), dst)
	})
	VZEROUPPER()
	RET()
}

func split2AVX2() { splitAVX2(2, transpose2) }
func join2AVX2()  { joinAVX2(2, transpose2) }
func split4AVX2() { splitAVX2(4, transpose4) }
func join4AVX2()  { joinAVX2(4, transpose4) }
func split8AVX2() { splitAVX2(8, transpose8) }
func join8AVX2()  { joinAVX2(8, transpose8) }
