package main

import (
	"github.com/mmcloughlin/avo/ir"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vector is the instructions for vectors of a width. As in Go's assembly, the last
// argument is what is written, except by fold.
type vector struct {
	bytes       int
	register    func() VecVirtual
	load        func(m Mem, v VecVirtual)
	broadcast   func(m Mem, v VecVirtual)
	stream      func(v VecVirtual, m Mem) // non-temporal store
	fromInteger func(r Register, v VecVirtual)
	add         func(a, v VecVirtual)
	fold        func(v, key, next VecVirtual) // moves v over key's distance, and adds next
	narrow      func(v VecVirtual) VecVirtual // moves all over the last 16 bytes
}

// foldKey loads the constants for moving over as many bytes, to every 16 bytes of
// a vector.
func (v vector) foldKey(distance int) VecVirtual {
	key := v.register()
	v.broadcast(foldKeyAddress(distance), key)
	return key
}

// xmm is SSE2 and PCLMULQDQ, whose instructions overwrite an input.
var xmm = vector{
	bytes:       16,
	register:    XMM,
	load:        func(m Mem, v VecVirtual) { MOVOU(m, v) },
	broadcast:   func(m Mem, v VecVirtual) { MOVOU(m, v) },
	stream:      func(v VecVirtual, m Mem) { MOVNTO(v, m) },
	fromInteger: func(r Register, v VecVirtual) { MOVQ(r, v) },
	add:         func(a, v VecVirtual) { PXOR(a, v) },
	fold: func(v, key, next VecVirtual) {
		low := XMM()
		MOVO(v, low)
		PCLMULQDQ(Imm(0x00), key, low)
		PCLMULQDQ(Imm(0x11), key, v)
		PXOR(next, v)
		PXOR(low, v)
	},
	narrow: func(v VecVirtual) VecVirtual { return v },
}

// ymm is AVX2 and VPCLMULQDQ.
var ymm = vector{
	bytes:       32,
	register:    YMM,
	load:        func(m Mem, v VecVirtual) { VMOVDQU(m, v) },
	broadcast:   func(m Mem, v VecVirtual) { VBROADCASTI128(m, v) },
	stream:      func(v VecVirtual, m Mem) { VMOVNTDQ(v, m) },
	fromInteger: func(r Register, v VecVirtual) { VMOVQ(r, v.AsX()) },
	add:         func(a, v VecVirtual) { VPXOR(a, v, v) },
	fold:        foldYMM,
	narrow:      narrowYMM,
}

func foldYMM(v, key, next VecVirtual) {
	low := YMM()
	multiply(0x00, key, v, low)
	multiply(0x11, key, v, v)
	VPXOR(next, v, v)
	VPXOR(low, v, v)
}

// narrowYMM moves the first 16 bytes over the last.
func narrowYMM(v VecVirtual) VecVirtual {
	first, low, key := v.AsX(), XMM(), XMM()
	last := XMM()
	VEXTRACTI128(Imm(1), v, last)
	VMOVDQU(foldKeyAddress(16), key)
	multiply(0x00, key, first, low)
	multiply(0x11, key, first, key)
	VPXOR(last, low, low)
	VPXOR(key, low, low)
	return low
}

// zmm is AVX512F and VPCLMULQDQ.
var zmm = vector{
	bytes:       64,
	register:    ZMM,
	load:        func(m Mem, v VecVirtual) { VMOVDQU64(m, v) },
	broadcast:   func(m Mem, v VecVirtual) { VBROADCASTI32X4(m, v) },
	stream:      func(v VecVirtual, m Mem) { VMOVNTDQ(v, m) },
	fromInteger: func(r Register, v VecVirtual) { VMOVQ(r, v.AsX()) },
	add:         func(a, v VecVirtual) { VPXORQ(a, v, v) },
	fold: func(v, key, next VecVirtual) {
		low := ZMM()
		multiply(0x00, key, v, low)
		multiply(0x11, key, v, v)
		VPTERNLOGQ(Imm(addThree), next, low, v)
	},
	narrow: func(v VecVirtual) VecVirtual {
		first, last := YMM(), YMM()
		VMOVDQU(v.AsY(), first)
		VEXTRACTI64X4(Imm(1), v, last)
		foldYMM(first, ymm.foldKey(32), last)
		return narrowYMM(first)
	},
}

// addThree is the truth table of the exclusive or of three bits, for VPTERNLOGQ.
const addThree = 0x96

// multiply is the carry-less product of a half of each 16 bytes of a and b, which
// bits 0 (b) and 4 (a) of halves choose. Package build knows this instruction for
// 16 bytes only.
func multiply(halves uint8, a, b, product Op) {
	Instruction(&ir.Instruction{
		Opcode:   "VPCLMULQDQ",
		Operands: []Op{Imm(uint64(halves)), a, b, product},
		Inputs:   []Op{a, b},
		Outputs:  []Op{product},
		ISA:      []string{"VPCLMULQDQ"},
	})
}
