package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The columns kernels serve every size of element: they move 8 bytes of each,
// and elements are stride bytes apart.

// loadPair returns a vector of 8 words: byte c of two rows, one after the other.
func loadPair(src, stride Register) VecVirtual {
	a, b := XMM(), XMM()
	VMOVQ(Mem{Base: src}, a)
	VMOVQ(Mem{Base: src, Index: stride, Scale: 1}, b)
	VPUNPCKLBW(b, a, a)
	LEAQ(Mem{Base: src, Index: stride, Scale: 2}, src)
	return a
}

func splitColumnsAVX2() {
	const name = "splitColumnsAVX2"
	TEXT(name, NOSPLIT, "func(planes *[16]*byte, src *byte, stride, n int)")
	Pragma("noescape")
	Doc(name + " moves byte k of 8 bytes of n elements, stride bytes apart, to plane k. n is a multiple of 32.")
	planes := planePointers(8)
	src := Load(Param("src"), GP64())
	stride := Load(Param("stride"), GP64())
	high := GP64()
	loop(32, func(i Register) {
		MOVQ(stride, high)
		SHLQ(Imm(4), high)
		ADDQ(src, high)
		v := ymms(8)
		for r := range v {
			lo := loadPair(src, stride)
			hi := loadPair(high, stride)
			VINSERTI128(Imm(1), hi, lo.AsY(), v[r])
		}
		for k, p := range transpose8(v) {
			VMOVDQU(p, Mem{Base: planes[k], Index: i, Scale: 1})
		}
		MOVQ(high, src)
	})
	VZEROUPPER()
	RET()
}

// storePair is the inverse of loadPair, of two quadwords.
func storePair(v, dst, stride Register) {
	VMOVQ(v, Mem{Base: dst})
	VMOVHPS(v, Mem{Base: dst, Index: stride, Scale: 1})
	LEAQ(Mem{Base: dst, Index: stride, Scale: 2}, dst)
}

func joinColumnsAVX2() {
	const name = "joinColumnsAVX2"
	order := laneShuffle(name+"Order", ungroup(8))
	TEXT(name, NOSPLIT, "func(dst *byte, stride int, planes *[16]*byte, n int)")
	Pragma("noescape")
	Doc(name+" sets 8 bytes of n elements, stride bytes apart, from 8 planes. n is a multiple of 32.",
		"Elements are written in order, so where stride is below 8 the next element",
		"overwrites what is too much; the last one's stays.")
	planes := planePointers(8)
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	mask := YMM()
	VMOVDQU(order, mask)
	loop(32, func(i Register) {
		v := ymms(8)
		for k := range v {
			VMOVDQU(Mem{Base: planes[k], Index: i, Scale: 1}, v[k])
		}
		v = transpose8(v)
		for r := range v {
			VPSHUFB(mask, v[r], v[r])
			storePair(v[r].AsX(), dst, stride)
		}
		for r := range v {
			VEXTRACTI128(Imm(1), v[r], v[r].AsX())
			storePair(v[r].AsX(), dst, stride)
		}
	})
	VZEROUPPER()
	RET()
}
