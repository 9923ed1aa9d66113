// Package columns makes data as a simulation has it, for tests and benchmarks.
package columns

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
)

// A Column is an array of numbers.
type Column struct {
	Name     string
	TypeSize int
	Float    bool
	Data     []byte
}

// Make returns n rows of nearly sorted positions, normally distributed velocities,
// sequential ids, and masks of two flags.
func Make(n int) []Column {
	r := rand.New(rand.NewPCG(1, 4))
	pos := make([]float64, n)
	for i := range pos {
		pos[i] = 256 * r.Float64()
	}
	slices.Sort(pos)
	c := []Column{{"pos", 4, true, nil}, {"vel", 4, true, nil}, {"id", 8, false, nil}, {"mask", 2, false, nil}}
	for i := range n {
		near := float32(pos[i] + 0.01*r.NormFloat64())
		c[0].Data = binary.LittleEndian.AppendUint32(c[0].Data, math.Float32bits(near))
		c[1].Data = binary.LittleEndian.AppendUint32(c[1].Data, math.Float32bits(float32(300*r.NormFloat64())))
		c[2].Data = binary.LittleEndian.AppendUint64(c[2].Data, uint64(1_000_000_000+i))
		c[3].Data = binary.LittleEndian.AppendUint16(c[3].Data, uint16(r.IntN(4)))
	}
	return c
}
