package main

import (
	"fmt"
	"slices"

	"github.com/soastore/soa"
)

// halos is the table of one step: 19 columns, 88 bytes a row.
type halos struct {
	TreeNodeIndex []int64   `soa:"tree_node_index"`
	DescNodeIndex []int64   `soa:"desc_node_index"`
	FofHaloTag    []int64   `soa:"fof_halo_tag"`
	FofCount      []int32   `soa:"fof_halo_count"`
	SodCount      []int32   `soa:"sod_halo_count"`
	FofMass       []float32 `soa:"fof_halo_mass"`
	SodMass       []float32 `soa:"sod_halo_mass"`
	CenterX       []float32 `soa:"fof_halo_center_x"`
	CenterY       []float32 `soa:"fof_halo_center_y"`
	CenterZ       []float32 `soa:"fof_halo_center_z"`
	SodRadius     []float32 `soa:"sod_halo_radius"`
	SodCdelta     []float32 `soa:"sod_halo_cdelta"`
	CdeltaError   []float32 `soa:"sod_halo_cdelta_error"`
	CdeltaAccum   []float32 `soa:"sod_halo_c_acc_mass"`
	CdeltaPeak    []float32 `soa:"sod_halo_c_peak_mass"`
	VelDisp       []float32 `soa:"fof_halo_1D_vel_disp"`
	InfallMass    []float32 `soa:"infall_fof_halo_mass"`
	InfallTree    []float32 `soa:"infall_tree_node_mass"`
	XoffFof       []float32 `soa:"xoff_fof"`
}

// links is the index of one step. It is ragged: the three arrays differ in length.
type links struct {
	Desc        []int64  `soa:"desc_idx"`
	Progenitors []uint32 `soa:"progenitor_array"`
	Offsets     []uint32 `soa:"progenitor_offsets"`
}

// rowsAt returns the halos of a rank at a step: fewer and fewer back in time, and
// not the same number on all ranks.
func rowsAt(cfg config, rank, step int) int {
	return cfg.Rows * (step + 1) / cfg.Steps * (64 - rank%7) / 64
}

// fill gives all columns of a step their values, in the memory they have.
func (h *halos) fill(cfg config, rank, step int) error {
	n := rowsAt(cfg, rank, step)
	for _, col := range []*[]int64{&h.TreeNodeIndex, &h.DescNodeIndex, &h.FofHaloTag} {
		*col = resized(*col, n)
	}
	for _, col := range []*[]int32{&h.FofCount, &h.SodCount} {
		*col = resized(*col, n)
	}
	for _, col := range []*[]float32{&h.FofMass, &h.SodMass, &h.CenterX, &h.CenterY, &h.CenterZ, &h.SodRadius, &h.SodCdelta,
		&h.CdeltaError, &h.CdeltaAccum, &h.CdeltaPeak, &h.VelDisp, &h.InfallMass, &h.InfallTree, &h.XoffFof} {
		*col = resized(*col, n)
	}
	return fillAll(h, rank, step)
}

func (l *links) fill(cfg config, rank, step int) error {
	n := rowsAt(cfg, rank, step)
	l.Desc = resized(l.Desc, n)
	l.Progenitors = resized(l.Progenitors, n+n/4)
	l.Offsets = resized(l.Offsets, n)
	return fillAll(l, rank, step)
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// fillAll writes the value that belongs to each element of v's slices.
func fillAll(v any, rank, step int) error {
	d, err := soa.Marshal(v)
	if err != nil {
		return err
	}
	for name, a := range d.All() {
		setValues(a, newSequence(rank, step, name))
	}
	return nil
}

// check reports the first element of d that is not the one that was put away.
func check(d *soa.Dict, rank, step, rows int) error {
	for name, a := range d.All() {
		if name != "progenitor_array" && a.Rows() != rows {
			return fmt.Errorf("rank %d, step %d: %s has %d rows, not %d", rank, step, name, a.Rows(), rows)
		}
		if bad := firstBad(a, newSequence(rank, step, name)); bad >= 0 {
			return fmt.Errorf("rank %d, step %d: %s[%d] is not what was written", rank, step, name, bad)
		}
	}
	return nil
}

// sequence gives the bits of element i of a field as start + i*stride, mixed.
type sequence struct{ start, stride uint64 }

func newSequence(rank, step int, field string) sequence {
	h := uint64(rank)<<32 ^ uint64(step)
	for i := range len(field) {
		h = (h ^ uint64(field[i])) * 0x100000001b3 // as in FNV-1a
	}
	return sequence{h, h | 1}
}

// next returns the bits that belong to the next element.
func (s *sequence) next() uint64 {
	v := s.start
	s.start += s.stride
	return v
}

// next32 is next for elements of 4 bytes, small and positive, so that they are
// ordinary floats too.
func (s *sequence) next32() uint32 { return uint32(s.next()>>34) | 0x3f000000 }

// setValues writes the value that belongs there to each element of a.
func setValues(a soa.Array, seq sequence) {
	if wide, err := soa.Values[int64](a); err == nil {
		for i := range wide {
			wide[i] = int64(seq.next())
		}
		return
	}
	bits := bits32(a)
	for i := range bits {
		bits[i] = seq.next32()
	}
}

// firstBad returns the index of the first element of a that is not what belongs
// there, or -1. It only reads: the array may be the store's own.
func firstBad(a soa.Array, seq sequence) int {
	if wide, err := soa.Values[int64](a); err == nil {
		return slices.IndexFunc(wide, func(v int64) bool { return v != int64(seq.next()) })
	}
	return slices.IndexFunc(bits32(a), func(v uint32) bool { return v != seq.next32() })
}

// bits32 returns the bits of elements of any type of 4 bytes.
func bits32(a soa.Array) []uint32 {
	narrow, _ := soa.FromBytes(soa.Uint32, a.Bytes(), a.Len())
	bits, _ := soa.Values[uint32](narrow)
	return bits
}
