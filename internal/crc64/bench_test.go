package crc64

import (
	"testing"

	"github.com/soastore/soa/internal/fold/foldtest"
)

// BenchmarkUpdate gives the speed relative to hash/crc64's, measured in turns.
func BenchmarkUpdate(b *testing.B) {
	foldtest.EachSize(b, func(b *testing.B, dst, src []byte) {
		foldtest.InTurns(b, len(src), []foldtest.Way{
			{Name: "own", Do: func() { Update(0, src) }},
			{Name: "hash/crc64", Do: func() { want(0, src) }},
		})
	})
}

// BenchmarkUpdateCopy gives the speed relative to copying alone, to copying and
// summing one after the other, and to both in turns of some KiB.
func BenchmarkUpdateCopy(b *testing.B) {
	foldtest.EachSize(b, func(b *testing.B, dst, src []byte) {
		foldtest.InTurns(b, len(src), []foldtest.Way{
			{Name: "own", Do: func() { UpdateCopy(0, dst, src) }},
			{Name: "copy", Do: func() { copy(dst, src) }},
			{Name: "copy-then-Update", Do: func() { copy(dst, src); Update(0, src) }},
			{Name: "cached", Do: func() { updateCopyCached(0, dst, src) }},
		})
	})
}

func BenchmarkCombine(b *testing.B) {
	for i := range b.N {
		Combine(1, 2, int64(1<<40-i))
	}
}
