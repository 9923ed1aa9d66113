package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// kernel is a function to generate. One that copies takes dst and stores there
// what it reads of src.
type kernel struct {
	name     string
	vector   vector
	lanes    int
	prefetch int // how many bytes ahead, or 0
	copies   bool
}

// turn is how many bytes the kernel takes at a time.
func (k kernel) turn() int { return k.lanes * k.vector.bytes }

func (k kernel) generate() {
	k.declare()
	name, dst := "p", Register(nil)
	if k.copies {
		name, dst = "src", Load(Param("dst").Base(), GP64())
	}
	p := Load(Param(name).Base(), GP64())
	n := Load(Param(name).Len(), GP64())
	keys = Load(Param("keys"), GP64())
	acc := k.first(p, dst)
	k.loop(acc, p, dst, n)
	x := k.vector.narrow(k.join(acc))
	if k.vector.bytes > xmm.bytes {
		VZEROUPPER()
	}
	if k.copies {
		SFENCE()
	}
	Store(reduce(x), ReturnIndex(0))
	RET()
}

func (k kernel) declare() {
	sig := "func(r uint64, p []byte, keys *[8][2]uint64) uint64"
	doc := []string{
		fmt.Sprintf("%s returns the remainder r after p, whose length is a multiple of %d", k.name, k.turn()),
		"and not 0.",
	}
	if k.copies {
		sig = "func(r uint64, dst []byte, src []byte, keys *[8][2]uint64) uint64"
		doc = []string{
			fmt.Sprintf("%s copies src to dst and returns the remainder r after src, whose length is", k.name),
			fmt.Sprintf("a multiple of %d and not 0. dst is as long, and its address a multiple of %d.", k.turn(), k.vector.bytes),
		}
	}
	TEXT(k.name, NOSPLIT, sig)
	Pragma("noescape")
	Doc(doc...)
}

// first loads the first turn, and adds the remainder of what came before to its
// first 8 bytes.
func (k kernel) first(p, dst Register) []VecVirtual {
	acc := make([]VecVirtual, k.lanes)
	for i := range acc {
		acc[i] = k.vector.register()
		k.read(acc[i], p, dst, i)
	}
	before := k.vector.register()
	k.vector.fromInteger(Load(Param("r"), GP64()), before)
	k.vector.add(before, acc[0])
	return acc
}

// read loads lane i of the turn at p, and stores it at dst in kernels that copy.
func (k kernel) read(v VecVirtual, p, dst Register, i int) {
	at := i * k.vector.bytes
	k.vector.load(Mem{Base: p, Disp: at}, v)
	if k.copies {
		k.vector.stream(v, Mem{Base: dst, Disp: at})
	}
}

// loop takes all turns but the first.
func (k kernel) loop(acc []VecVirtual, p, dst, n Register) {
	key := k.vector.foldKey(k.turn())
	JMP(LabelRef("check"))
	Label("loop")
	for i := range acc {
		if at := i * k.vector.bytes; k.prefetch > 0 && at%64 == 0 {
			PREFETCHT0(Mem{Base: p, Disp: at + k.prefetch})
		}
		next := k.vector.register()
		k.read(next, p, dst, i)
		k.vector.fold(acc[i], key, next)
	}
	Label("check")
	ADDQ(U32(k.turn()), p)
	if k.copies {
		ADDQ(U32(k.turn()), dst)
	}
	SUBQ(U32(k.turn()), n)
	JNE(LabelRef("loop"))
}

// join moves the earlier half of the lanes over the later half, until one is left.
func (k kernel) join(acc []VecVirtual) VecVirtual {
	for len(acc) > 1 {
		half := len(acc) / 2
		key := k.vector.foldKey(half * k.vector.bytes)
		for i, later := range acc[half:] {
			k.vector.fold(acc[i], key, later)
			acc[half+i] = acc[i]
		}
		acc = acc[half:]
	}
	return acc[0]
}

// keys has the address of the keys in the kernel that is generated.
var keys Register

// keyAddress returns the address of one of the keys.
func keyAddress(i int) Mem { return Mem{Base: keys, Disp: 16 * i} }

// foldKeyAddress returns the address of the constants for moving over as many
// bytes, 16 times a power of two.
func foldKeyAddress(distance int) Mem {
	return keyAddress(bits.TrailingZeros(uint(distance / 16)))
}

// The keys behind those for moving.
const (
	reduceKey = 6 // x^127 and the reciprocal of the polynomial
	polyKey   = 7 // the polynomial
)

// reduce returns the remainder of the 16 bytes x: x·x^64 modulo the polynomial.
// Registers hold polynomials with the highest power in the lowest bit.
func reduce(x VecVirtual) GPVirtual {
	key, poly := XMM(), XMM()
	MOVOU(keyAddress(reduceKey), key)
	MOVOU(keyAddress(polyKey), poly)

	// The first 8 bytes, which stand for powers of x from 128 on, times x^128:
	// then 128 bits are left, the upper 64 of which are to go.
	upper := XMM()
	MOVO(x, upper)
	PCLMULQDQ(Imm(0x00), key, upper)
	PSRLDQ(Imm(8), x)
	PXOR(upper, x)

	// Barrett's reduction: how often the polynomial goes into x, and that many
	// polynomials. All of the polynomial but its lowest coefficient fits into a
	// register; where that is 1, the product needs the quotient once more.
	quotient, multiple := XMM(), XMM()
	MOVO(x, quotient)
	PCLMULQDQ(Imm(0x10), key, quotient)
	MOVO(quotient, multiple)
	PCLMULQDQ(Imm(0x00), poly, multiple)
	PXOR(multiple, x)
	r, lowest := GP64(), GP64()
	PEXTRQ(Imm(1), x, r)
	MOVQ(quotient, lowest)
	ANDQ(keyAddress(polyKey).Offset(8), lowest)
	XORQ(lowest, r)
	return r
}

// hasVPCLMULQDQ makes the function for what golang.org/x/sys/cpu tells only of
// processors that have AVX-512 as well.
func hasVPCLMULQDQ() {
	TEXT("hasVPCLMULQDQ", NOSPLIT, "func() bool")
	Doc("hasVPCLMULQDQ reports CPUID leaf 7, ECX bit 10. The processor has leaf 7.")
	MOVL(U32(7), EAX)
	XORL(ECX, ECX)
	CPUID()
	SHRL(Imm(10), ECX)
	ANDL(Imm(1), ECX)
	Store(CL, ReturnIndex(0))
	RET()
}
