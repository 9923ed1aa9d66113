package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func bitsFunc(name string, step string) {
	TEXT(name, NOSPLIT, "func(p *byte, n int)")
	Pragma("noescape")
	Doc(name + " transposes in place each 8 bytes of n bytes as a matrix of 8 x 8 bits. n is a multiple of " + step + ".")
}

func constant64(name string, bytes int, v uint64) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := 0; i < bytes; i += 8 {
		DATA(i, U64(v))
	}
	return m
}

// transposeBitsAVX2 exchanges the blocks off the diagonal, of 1 x 1, 2 x 2 and
// 4 x 4 bits in turn (Warren, Hacker's Delight, 7-3).
func transposeBitsAVX2() {
	steps := []struct {
		shift uint8
		mask  Mem
	}{
		{7, constant64("bits1", 32, 0x00aa00aa00aa00aa)},
		{14, constant64("bits2", 32, 0x0000cccc0000cccc)},
		{28, constant64("bits4", 32, 0x00000000f0f0f0f0)},
	}
	bitsFunc("transposeBitsAVX2", "32")
	p := Load(Param("p"), GP64())
	mask := ymms(len(steps))
	for k, s := range steps {
		VMOVDQU(s.mask, mask[k])
	}
	loop(32, func(i Register) {
		m := Mem{Base: p, Index: i, Scale: 1}
		x, t := YMM(), YMM()
		VMOVDQU(m, x)
		for k, s := range steps {
			VPSRLQ(Imm(uint64(s.shift)), x, t)
			VPXOR(x, t, t)
			VPAND(mask[k], t, t)
			VPXOR(t, x, x)
			VPSLLQ(Imm(uint64(s.shift)), t, t)
			VPXOR(t, x, x)
		}
		VMOVDQU(x, m)
	})
	VZEROUPPER()
	RET()
}

// transposeBitsGFNI multiplies each 8 bytes, as a matrix over GF(2), with the
// eight unit vectors: that gives its columns. The instruction takes the rows of a
// matrix from the last byte to the first, so the bytes are turned round before.
func transposeBitsGFNI() {
	unit := constant64("bitsUnit", 64, 0x8040201008040201)
	turn := byteOrder("bitsTurn", func(i int) int { return i%16 ^ 7 })
	bitsFunc("transposeBitsGFNI", "64")
	p := Load(Param("p"), GP64())
	u, t := zconst(unit), zconst(turn)
	loop(64, func(i Register) {
		m := Mem{Base: p, Index: i, Scale: 1}
		x := ZMM()
		VMOVDQU64(m, x)
		VPSHUFB(t, x, x)
		gf2p8affine(x, u, x)
		VMOVDQU64(x, m)
	})
	VZEROUPPER()
	RET()
}

// gf2p8affine emits VGF2P8AFFINEQB with constant 0: out = matrix * vectors.
func gf2p8affine(matrix, vectors, out VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   "VGF2P8AFFINEQB",
		Operands: []Op{Imm(0), matrix, vectors, out},
		Inputs:   []Op{matrix, vectors},
		Outputs:  []Op{out},
		ISA:      []string{"AVX512F", "GFNI"},
	})
}
