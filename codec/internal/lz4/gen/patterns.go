package main

import (
	"github.com/mmcloughlin/avo/attr"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Tables for matches that overlap what they make, by offset: which of the last
// offset bytes is at each place of a vector.

// patterns16 has rows of 16 bytes for the offsets 0, which is invalid, to 16.
func patterns16() Mem { return rows("patterns16", 16, 16) }

// patterns32 has rows of 32 bytes for the offsets to 15.
func patterns32() Mem { return rows("patterns32", 15, 32) }

func rows(name string, last, size int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for offset := range last + 1 {
		for i := range size {
			DATA(offset*size+i, U8(i%max(offset, 1)))
		}
	}
	return m
}

// wholePatterns has, for each offset, how many bytes of 32 are whole repeats.
func wholePatterns() Mem {
	m := GLOBL("wholePatterns", attr.RODATA|attr.NOPTR)
	for offset := range 16 {
		DATA(offset, U8(32-32%max(offset, 1)))
	}
	return m
}
