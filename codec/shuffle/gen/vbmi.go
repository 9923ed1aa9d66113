package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The VBMI kernels take 64 elements a turn: VPERMB orders the bytes of a whole
// 64-byte vector at once.

func zmms(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = ZMM()
	}
	return v
}

// byteOrder returns a vector for VPERMB: output byte i is byte index(i).
func byteOrder(name string, index func(i int) int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := range 64 {
		DATA(i, U8(index(i)))
	}
	return m
}

func zconst(m Mem) VecVirtual {
	v := ZMM()
	VMOVDQU64(m, v)
	return v
}

// lanes4 transposes 4 rows of 4 lanes of 16 bytes.
func lanes4(v []VecVirtual) []VecVirtual {
	t, out := zmms(4), zmms(4)
	VSHUFI32X4(Imm(0x44), v[1], v[0], t[0]) // 00 01 10 11
	VSHUFI32X4(Imm(0xee), v[1], v[0], t[1]) // 02 03 12 13
	VSHUFI32X4(Imm(0x44), v[3], v[2], t[2])
	VSHUFI32X4(Imm(0xee), v[3], v[2], t[3])
	VSHUFI32X4(Imm(0x88), t[2], t[0], out[0])
	VSHUFI32X4(Imm(0xdd), t[2], t[0], out[1])
	VSHUFI32X4(Imm(0x88), t[3], t[1], out[2])
	VSHUFI32X4(Imm(0xdd), t[3], t[1], out[3])
	return out
}

// loadQuarters loads 16 bytes from each of four places. Masked broadcasts leave
// the shuffle port free.
func loadQuarters(m [4]Mem, mask []OpmaskVirtual) VecVirtual {
	v := ZMM()
	VMOVDQU(m[0], v.AsX())
	for l := 1; l < 4; l++ {
		VBROADCASTI32X4(m[l], mask[l-1], v)
	}
	return v
}

// laneMasks returns masks of the doublewords of lanes 1, 2 and 3.
func laneMasks() []OpmaskVirtual {
	k := make([]OpmaskVirtual, 3)
	for l := range k {
		r := GP32()
		MOVL(U32(0xf<<(4*(l+1))), r)
		k[l] = K()
		KMOVW(r, k[l])
	}
	return k
}

func split2VBMI() {
	order := byteOrder("split2VBMIOrder", func(i int) int { return i%32*2 + i/32 })
	splitFunc("split2VBMI", "moves byte k of n elements of 2 bytes to plane k.", 64)
	planes := planePointers(2)
	src := Load(Param("src"), GP64())
	mask := zconst(order)
	loop(64, func(i Register) {
		v := zmms(2)
		for r := range v {
			VPERMB(Mem{Base: src, Disp: 64 * r}, mask, v[r])
		}
		out := zmms(2)
		VSHUFI64X2(Imm(0x44), v[1], v[0], out[0])
		VSHUFI64X2(Imm(0xee), v[1], v[0], out[1])
		for k := range out {
			VMOVDQU64(out[k], Mem{Base: planes[k], Index: i, Scale: 1})
		}
		ADDQ(U32(128), src)
	})
	VZEROUPPER()
	RET()
}

func join2VBMI() {
	order := byteOrder("join2VBMIOrder", func(i int) int { return i%2*32 + i/2 })
	joinFunc("join2VBMI", "makes n elements of 2 bytes, whose byte k is in plane k.", 64)
	planes := planePointers(2)
	dst := Load(Param("dst"), GP64())
	mask := zconst(order)
	loop(64, func(i Register) {
		for half := range 2 {
			v := ZMM()
			VMOVDQU(Mem{Base: planes[0], Index: i, Scale: 1, Disp: 32 * half}, v.AsY())
			VINSERTI64X4(Imm(1), Mem{Base: planes[1], Index: i, Scale: 1, Disp: 32 * half}, v, v)
			VPERMB(v, mask, v)
			VMOVDQU64(v, Mem{Base: dst, Disp: 64 * half})
		}
		ADDQ(U32(128), dst)
	})
	VZEROUPPER()
	RET()
}

func split4VBMI() {
	order := byteOrder("split4VBMIOrder", func(i int) int { return i%16*4 + i/16 })
	splitFunc("split4VBMI", "moves byte k of n elements of 4 bytes to plane k.", 64)
	planes := planePointers(4)
	src := Load(Param("src"), GP64())
	mask := zconst(order)
	loop(64, func(i Register) {
		v := zmms(4)
		for r := range v {
			VPERMB(Mem{Base: src, Disp: 64 * r}, mask, v[r])
		}
		for k, p := range lanes4(v) {
			VMOVDQU64(p, Mem{Base: planes[k], Index: i, Scale: 1})
		}
		ADDQ(U32(256), src)
	})
	VZEROUPPER()
	RET()
}

func join4VBMI() {
	order := byteOrder("join4VBMIOrder", func(i int) int { return i%4*16 + i/4 })
	joinFunc("join4VBMI", "makes n elements of 4 bytes, whose byte k is in plane k.", 64)
	planes := planePointers(4)
	dst := Load(Param("dst"), GP64())
	mask := zconst(order)
	quarter := laneMasks()
	loop(64, func(i Register) {
		for r := range 4 {
			var m [4]Mem
			for k := range m {
				m[k] = Mem{Base: planes[k], Index: i, Scale: 1, Disp: 16 * r}
			}
			v := loadQuarters(m, quarter)
			VPERMB(v, mask, v)
			VMOVDQU64(v, Mem{Base: dst, Disp: 64 * r})
		}
		ADDQ(U32(256), dst)
	})
	VZEROUPPER()
	RET()
}

// In 8-byte elements a pair of vectors has 16 bytes of each plane. Its low
// quadwords take planes 0 to 3 and its high ones planes 4 to 7.
func split8VBMI() {
	order := byteOrder("split8VBMIOrder", func(i int) int {
		plane := i/16 + i/8%2*4
		return i%8*8 + plane
	})
	splitFunc("split8VBMI", "moves byte k of n elements of 8 bytes to plane k.", 64)
	planes := planePointers(8)
	src := Load(Param("src"), GP64())
	mask := zconst(order)
	loop(64, func(i Register) {
		lo, hi := zmms(4), zmms(4)
		for r := range 4 {
			a, b := ZMM(), ZMM()
			VPERMB(Mem{Base: src, Disp: 128 * r}, mask, a)
			VPERMB(Mem{Base: src, Disp: 128*r + 64}, mask, b)
			VPUNPCKLQDQ(b, a, lo[r])
			VPUNPCKHQDQ(b, a, hi[r])
		}
		for k, p := range append(lanes4(lo), lanes4(hi)...) {
			VMOVDQU64(p, Mem{Base: planes[k], Index: i, Scale: 1})
		}
		ADDQ(U32(512), src)
	})
	VZEROUPPER()
	RET()
}

func join8VBMI() {
	// Lanes of elements 2l, 2l+1, 8+2l, 8+2l+1, four bytes of each.
	order := byteOrder("join8VBMIOrder", func(i int) int {
		lane, j := i/16, i%16
		element := 2*lane + j/4%2 + j/8*8
		return j%4*16 + element
	})
	joinFunc("join8VBMI", "makes n elements of 8 bytes, whose byte k is in plane k.", 64)
	planes := planePointers(8)
	dst := Load(Param("dst"), GP64())
	mask := zconst(order)
	quarter := laneMasks()
	loop(64, func(i Register) {
		for r := range 4 {
			half := zmms(2)
			for h := range half {
				var m [4]Mem
				for k := range m {
					m[k] = Mem{Base: planes[4*h+k], Index: i, Scale: 1, Disp: 16 * r}
				}
				half[h] = loadQuarters(m, quarter)
				VPERMB(half[h], mask, half[h])
			}
			a, b := ZMM(), ZMM()
			VPUNPCKLDQ(half[1], half[0], a)
			VPUNPCKHDQ(half[1], half[0], b)
			VMOVDQU64(a, Mem{Base: dst, Disp: 128 * r})
			VMOVDQU64(b, Mem{Base: dst, Disp: 128*r + 64})
		}
		ADDQ(U32(512), dst)
	})
	VZEROUPPER()
	RET()
}
