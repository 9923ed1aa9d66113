package main

import (
	"github.com/mmcloughlin/avo/ir"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// What limits decoding is that the place of a sequence is known only when the one
// before has been looked at: a load, a shift and an addition, 5 to 6 cycles. So
// there is nothing else on that path: the next token is loaded as soon as the
// number of literals is known. And a wrong guess of a branch costs as much as six
// sequences, so what differs from one to the next without pattern is no branch:
// whether there are literals, and whether a match overlaps what it makes.

const (
	// slack is how much room there is to both ends where a sequence begins, and
	// where a long copy ends: 32 bytes are copied at a time.
	slack    = 32
	minMatch = 4
	// more is the number in a token that bytes follow which add to it.
	more = 15
	// shortMatch is the largest such number of a match that one vector holds.
	shortMatch = 16 - minMatch
)

// kernel has the registers. s and d change only between sequences: where one is to
// be left to the caller, they say where it begins.
type kernel struct {
	dst        Register // the start of dst
	s, d       Register // the sequence, and where what it makes is to be
	sEnd, dEnd Register // the last places that leave slack
	token      Register
	next       Register // the next sequence
	nextToken  Register
	to         Register // where the match is to be copied
	from       Register // what the match repeats
	offset     Register // how far that is back
	n          Register // a length
	end        Register // of a long copy in dst
	four       Register
	patterns   Register
	x, y       Register // 16 and 32 bytes
}

func sequences() {
	TEXT("sequencesAVX2", NOSPLIT, "func(dst, src []byte, d, s int) (dNext, sNext int)")
	Pragma("noescape")
	Doc("sequencesAVX2 decodes sequences from src[s:] to dst[d:], and returns where the first",
		"one begins that it left: one too near to an end, or invalid. It needs BMI2.",
		"len(src)-s and len(dst)-d are at least slack.")
	k := load()
	k.loop()
	k.longLiterals()
	k.longMatch()
	k.repeat()
	k.done()
}

func load() *kernel {
	k := &kernel{
		dst: Load(Param("dst").Base(), GP64()),
		d:   Load(Param("d"), GP64()), dEnd: Load(Param("dst").Len(), GP64()),
		s: Load(Param("s"), GP64()), sEnd: Load(Param("src").Len(), GP64()),
		token: GP64(), next: GP64(), nextToken: GP64(),
		to: GP64(), from: GP64(), offset: GP64(), n: GP64(), end: GP64(),
		four: GP64(), patterns: GP64(),
		x: XMM(), y: YMM(),
	}
	src := Load(Param("src").Base(), GP64())
	ADDQ(k.dst, k.d)
	ADDQ(src, k.s)
	LEAQ(Mem{Base: k.dst, Index: k.dEnd, Scale: 1, Disp: -slack}, k.dEnd)
	LEAQ(Mem{Base: src, Index: k.sEnd, Scale: 1, Disp: -slack}, k.sEnd)
	MOVL(U32(4), as32(k.four))
	LEAQ(patterns16(), k.patterns)
	return k
}

// loop decodes sequences of few literals and a short match. The jumps out of it
// come back to the label match, or to loop with the next sequence.
func (k *kernel) loop() {
	Label("loop")
	k.inside()
	MOVBLZX(Mem{Base: k.s}, as32(k.token))
	align(64)
	Label("sequence")
	VMOVDQU(Mem{Base: k.s, Disp: 1}, k.x)
	LEAQ(Mem{Base: k.s, Disp: 3}, k.next)
	SHRXL(as32(k.four), as32(k.token), as32(k.n))
	MOVBLZX(Mem{Base: k.next, Index: k.n, Scale: 1}, as32(k.nextToken))
	ADDQ(k.n, k.next)
	VMOVDQU(k.x, Mem{Base: k.d})
	LEAQ(Mem{Base: k.d, Index: k.n, Scale: 1}, k.to)
	CMPL(as32(k.token), U32(more<<4))
	JCC(LabelRef("longLiterals"))

	Label("match")
	MOVWLZX(Mem{Base: k.next, Disp: -2}, as32(k.offset))
	ANDL(Imm(more), as32(k.token))
	MOVQ(k.to, k.from)
	SUBQ(k.offset, k.from)
	CMPQ(k.from, k.dst)
	JCS(LabelRef("done"))
	row := k.n // of patterns: 16*min(offset, 16), which is 0 for the invalid offset 0
	MOVL(U32(16), as32(row))
	CMPL(as32(k.offset), as32(row))
	CMOVLCS(as32(k.offset), as32(row))
	SHLL(Imm(4), as32(row))
	JEQ(LabelRef("done"))
	CMPL(as32(k.token), Imm(shortMatch))
	JHI(LabelRef("longMatch"))
	VMOVDQU(Mem{Base: k.from}, k.x)
	VPSHUFB(Mem{Base: k.patterns, Index: row, Scale: 1}, k.x, k.x)
	VMOVDQU(k.x, Mem{Base: k.to})
	MOVQ(k.next, k.s)
	LEAQ(Mem{Base: k.to, Index: k.token, Scale: 1, Disp: minMatch}, k.d)
	MOVL(as32(k.nextToken), as32(k.token))
	k.inside()
	JMP(LabelRef("sequence"))
}

// inside leaves the kernel where a sequence begins too near to an end.
func (k *kernel) inside() {
	CMPQ(k.s, k.sEnd)
	JHI(LabelRef("done"))
	CMPQ(k.d, k.dEnd)
	JHI(LabelRef("done"))
}

// longLiterals copies literals whose number has more bytes.
func (k *kernel) longLiterals() {
	Label("longLiterals")
	LEAQ(Mem{Base: k.s, Disp: 1}, k.next)
	k.length("literals", k.n)
	LEAQ(Mem{Base: k.next, Index: k.n, Scale: 1}, k.end)
	CMPQ(k.end, k.sEnd)
	JHI(LabelRef("done"))
	k.copied(k.d, k.n, 0)
	MOVQ(k.d, k.to)
	k.copy("copyLiterals", k.next, k.y, 32)
	SUBQ(k.end, k.to)
	SUBQ(k.to, k.next)
	MOVQ(k.end, k.to)
	ADDQ(Imm(2), k.next)
	MOVBLZX(Mem{Base: k.next}, as32(k.nextToken))
	JMP(LabelRef("match"))
}

// longMatch copies a match of more than one vector, of 16 or more bytes back.
func (k *kernel) longMatch() {
	Label("longMatch")
	CMPL(as32(k.token), Imm(more))
	JNE(LabelRef("matchEnd"))
	k.length("matchLength", k.token)
	Label("matchEnd")
	k.copied(k.to, k.token, minMatch)
	CMPL(as32(k.offset), Imm(16))
	JCS(LabelRef("repeat"))
	CMPL(as32(k.offset), Imm(32))
	JCS(LabelRef("copyNear"))
	k.copy("copyFar", k.from, k.y, 32)
	k.resume()
	k.copy("copyNear", k.from, k.x, 16)
	k.resume()
}

// repeat writes the last bytes again and again, where they are fewer than 16.
func (k *kernel) repeat() {
	Label("repeat")
	rows, steps, step := GP64(), GP64(), k.from
	VBROADCASTI128(Mem{Base: k.from}, k.y)
	LEAQ(patterns32(), rows)
	LEAQ(wholePatterns(), steps)
	MOVBLZX(Mem{Base: steps, Index: k.offset, Scale: 1}, as32(step))
	SHLL(Imm(5), as32(k.offset))
	VPSHUFB(Mem{Base: rows, Index: k.offset, Scale: 1}, k.y, k.y)
	Label("repeatPattern")
	VMOVDQU(k.y, Mem{Base: k.to})
	ADDQ(step, k.to)
	CMPQ(k.to, k.end)
	JCS(LabelRef("repeatPattern"))
	k.resume()
}

// length adds the bytes from next on to n, up to the first below 255.
func (k *kernel) length(label string, n Register) {
	b := k.end
	Label(label)
	MOVBLZX(Mem{Base: k.next}, as32(b))
	INCQ(k.next)
	ADDQ(b, n)
	CMPQ(k.next, k.sEnd)
	JHI(LabelRef("done"))
	CMPL(as32(b), U32(255))
	JEQ(LabelRef(label))
}

// copied sets end to at+n+plus, and leaves the kernel if that is too near to dst's.
func (k *kernel) copied(at, n Register, plus int) {
	LEAQ(Mem{Base: at, Index: n, Scale: 1, Disp: plus}, k.end)
	CMPQ(k.end, k.dEnd)
	JHI(LabelRef("done"))
}

// copy copies from p to to, up to end and less than a vector more.
func (k *kernel) copy(label string, p, v Register, bytes uint64) {
	Label(label)
	VMOVDQU(Mem{Base: p}, v)
	VMOVDQU(v, Mem{Base: k.to})
	ADDQ(Imm(bytes), p)
	ADDQ(Imm(bytes), k.to)
	CMPQ(k.to, k.end)
	JCS(LabelRef(label))
}

// resume goes on with the next sequence after a long match.
func (k *kernel) resume() {
	MOVQ(k.next, k.s)
	MOVQ(k.end, k.d)
	JMP(LabelRef("loop"))
}

func (k *kernel) done() {
	Label("done")
	VZEROUPPER()
	SUBQ(k.dst, k.d)
	SUBQ(Load(Param("src").Base(), GP64()), k.s)
	Store(k.d, ReturnIndex(0))
	Store(k.s, ReturnIndex(1))
	RET()
}

func as32(r Register) Register { return r.(GPVirtual).As32() }

// align makes the next instruction begin at a multiple of so many bytes.
func align(bytes uint64) {
	Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{Imm(bytes)}})
}
