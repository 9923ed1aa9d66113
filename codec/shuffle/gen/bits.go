package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// bitsFunc begins a kernel, and returns the argument p and what to add before and
// after, to every byte.
func bitsFunc(name string, step string, register func() VecVirtual) (p Register, before, after VecVirtual) {
	TEXT(name, NOSPLIT, "func(p *byte, n int, before, after byte)")
	Pragma("noescape")
	Doc(name+" adds before to each of n bytes, transposes in place each 8 as a matrix of 8 x 8 bits,",
		"and adds after. n is a multiple of "+step+".")
	return Load(Param("p"), GP64()), everywhere("before", register()), everywhere("after", register())
}

// everywhere sets each byte of v to the argument of that name.
func everywhere(name string, v VecVirtual) VecVirtual {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VPBROADCASTB(b.Addr, v)
	return v
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
	p, before, after := bitsFunc("transposeBitsAVX2", "32", YMM)
	mask := ymms(len(steps))
	for k, s := range steps {
		VMOVDQU(s.mask, mask[k])
	}
	loop(32, func(i Register) {
		m := Mem{Base: p, Index: i, Scale: 1}
		x, t := YMM(), YMM()
		VPADDB(m, before, x)
		for k, s := range steps {
			VPSRLQ(Imm(uint64(s.shift)), x, t)
			VPXOR(x, t, t)
			VPAND(mask[k], t, t)
			VPXOR(t, x, x)
			VPSLLQ(Imm(uint64(s.shift)), t, t)
			VPXOR(t, x, x)
		}
		VPADDB(after, x, x)
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
	p, before, after := bitsFunc("transposeBitsGFNI", "64", ZMM)
	u, t := zconst(unit), zconst(turn)
	loop(64, func(i Register) {
		m := Mem{Base: p, Index: i, Scale: 1}
		x := ZMM()
		VPADDB(m, before, x)
		VPSHUFB(t, x, x)
		gf2p8affine(x, u, x)
		VPADDB(after, x, x)
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
