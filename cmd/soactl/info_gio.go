package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/render"
	"github.com/soastore/soa/genericio"
)

// gioInfo describes a GenericIO file, or a rank map and its partition files.
type gioInfo struct {
	File       string         `json:"file"`
	Format     string         `json:"format"`
	Map        bool           `json:"map"` // then all but File, Bytes and ByteOrder is that of the partitions
	Bytes      int64          `json:"bytes"`
	ByteOrder  string         `json:"byte_order"`
	Rows       int64          `json:"rows"`
	Dims       [3]int         `json:"dims"`
	Origin     [3]render.Real `json:"phys_origin"`
	Scale      [3]render.Real `json:"phys_scale"`
	HasBlocks  bool           `json:"block_headers"`
	Variables  []gioVariable  `json:"variables"`
	Partitions []gioPartition `json:"partitions,omitempty"`
	Ranks      []gioRank      `json:"ranks"`
	Blocks     []gioBlock     `json:"blocks,omitempty"`

	ratios     map[string]ratio // of the variables, over the ranks up to now
	compressed bool             // any block is
}

type gioVariable struct {
	Name     string   `json:"name"`
	DType    string   `json:"dtype"`
	Elements int      `json:"elements"`
	RowBytes int      `json:"row_bytes"`
	Flags    []string `json:"flags"`
	Ratio    ratio    `json:"ratio"` // over all ranks
}

type gioPartition struct {
	Number int    `json:"number"`
	File   string `json:"file"`
	Ranks  int    `json:"ranks"`
	Rows   int64  `json:"rows"`
}

type gioRank struct {
	Rank      int    `json:"rank"`
	Partition *int   `json:"partition,omitempty"`
	Coords    [3]int `json:"coords"`
	Rows      int64  `json:"rows"`
}

func describeGIO(ctx context.Context, f *dataset.File, o infoOptions) (*gioInfo, error) {
	size, _ := f.Size()
	r, err := genericio.NewReader(f, size, genericio.ReadOptions{Name: f.Name()})
	if err != nil {
		return nil, err
	}
	d := &gioInfo{File: f.Name(), Format: "gio", Bytes: size, ByteOrder: byteOrder(r.Header()), Map: r.IsMap(),
		Ranks: []gioRank{}, ratios: map[string]ratio{}}
	if d.Map {
		err = d.followMap(ctx, o)
	} else {
		err = d.addFile(r, o)
	}
	for i := range d.Variables {
		d.Variables[i].Ratio = d.ratios[d.Variables[i].Name]
	}
	return d, err
}

func (d *gioInfo) addFile(r *genericio.Reader, o infoOptions) error {
	d.head(r.Header())
	for place := range r.Header().Ranks {
		if err := d.addRank(r, place, nil, o); err != nil {
			return err
		}
	}
	return nil
}

func byteOrder(h *genericio.Header) string {
	if h.ByteOrder == binary.ByteOrder(binary.BigEndian) {
		return "big-endian"
	}
	return "little-endian"
}

// followMap describes the ranks of the partition files.
func (d *gioInfo) followMap(ctx context.Context, o infoOptions) error {
	open := func(name string) (genericio.Source, error) { return dataset.OpenFile(name, nil) }
	m, err := genericio.OpenDataset(ctx, d.File, open, genericio.ReadOptions{})
	if err != nil {
		return err
	}
	defer m.Close()
	seen := map[int]bool{}
	for rank, e := range m.Entries() {
		err := m.WithRank(rank, func(r *genericio.Reader, place int) error {
			if !seen[e.Partition] {
				seen[e.Partition] = true
				d.head(r.Header())
				d.Partitions = append(d.Partitions, gioPartition{e.Partition, r.Name(), len(r.Header().Ranks), r.Header().Rows})
			}
			return d.addRank(r, place, &e.Partition, o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// head takes in what all data files of a value say alike, and adds up their rows.
func (d *gioInfo) head(h *genericio.Header) {
	d.Rows += h.Rows
	d.Dims, d.HasBlocks = h.Dims, h.HasBlocks
	for i := range d.Dims {
		d.Origin[i], d.Scale[i] = render.Real(h.PhysOrigin[i]), render.Real(h.PhysScale[i])
	}
	d.Variables = []gioVariable{}
	for _, v := range h.Variables {
		d.Variables = append(d.Variables, gioVariable{v.Name, v.DType.String(), v.Elements, v.RowBytes, flagNames(v.Flags), ratio{}})
	}
}

func (d *gioInfo) addRank(r *genericio.Reader, place int, partition *int, o infoOptions) error {
	rank := r.Header().Ranks[place]
	d.Ranks = append(d.Ranks, gioRank{rank.GlobalRank, partition, rank.Coords, rank.Rows})
	for i, v := range r.Header().Variables {
		b := r.Block(place, i)
		d.ratios[v.Name] = d.ratios[v.Name].plus(b.Plain, b.Size)
		d.compressed = d.compressed || len(b.Filters) > 0
		if !o.blocks {
			continue
		}
		said, err := describeBlock(r, place, i)
		if err != nil {
			return err
		}
		d.Blocks = append(d.Blocks, said)
	}
	return nil
}

// flagNames returns what the flags say besides the element type.
func flagNames(flags genericio.Flags) []string {
	names := []string{}
	for _, f := range []struct {
		flag genericio.Flags
		name string
	}{{genericio.CoordX, "x"}, {genericio.CoordY, "y"}, {genericio.CoordZ, "z"}, {genericio.Ghost, "ghost"}} {
		if flags&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

func (d *gioInfo) table(w io.Writer, o infoOptions) error {
	format := "GenericIO"
	if d.Map {
		format = "GenericIO rank map of " + count(len(d.Partitions), "partition file")
	}
	blocks := "none"
	if d.HasBlocks {
		blocks = "present"
	}
	err := facts(w, "file", d.File, "format", format, "byte order", d.ByteOrder, "size", size(d.Bytes),
		"rows", humanize.Comma(d.Rows), "ranks", strconv.Itoa(len(d.Ranks)), "dims", triple(d.Dims),
		"origin", triple(d.Origin), "scale", triple(d.Scale), "block headers", blocks)
	if err != nil {
		return err
	}
	sections := []*render.Table{d.variableTable(w)}
	if d.Map {
		sections = append(sections, d.partitionTable(w))
	}
	sections = append(sections, d.rankTable(w, o))
	if o.blocks {
		sections = append(sections, d.blockTable(w))
	}
	for _, t := range sections {
		if err := section(w, t); err != nil {
			return err
		}
	}
	more := len(d.Ranks) - fewRanks
	if o.ranks {
		more = 0
	}
	return moreRanks(w, more)
}

func triple[T any](v [3]T) string { return fmt.Sprintf("%v %v %v", v[0], v[1], v[2]) }

// variableTable has the ratios only if there is something to compare.
func (d *gioInfo) variableTable(w io.Writer) *render.Table {
	columns := []render.Column{render.Left("VARIABLE"), render.Left("DTYPE"), render.Right("ELEMENTS"), render.Right("ROW BYTES")}
	if d.compressed {
		columns = append(columns, render.Right("RATIO"))
	}
	t := render.NewTable(w, append(columns, render.Left("FLAGS"))...)
	for _, v := range d.Variables {
		cells := []string{v.Name, v.DType, strconv.Itoa(v.Elements), strconv.Itoa(v.RowBytes)}
		if d.compressed {
			cells = append(cells, v.Ratio.String())
		}
		t.Row(append(cells, strings.Join(v.Flags, " "))...)
	}
	return t
}

func (d *gioInfo) partitionTable(w io.Writer) *render.Table {
	t := render.NewTable(w, render.Right("PARTITION"), render.Right("RANKS"), render.Right("ROWS"), render.Left("FILE"))
	for _, p := range d.Partitions {
		t.Row(strconv.Itoa(p.Number), strconv.Itoa(p.Ranks), humanize.Comma(p.Rows), p.File)
	}
	return t
}

func (d *gioInfo) rankTable(w io.Writer, o infoOptions) *render.Table {
	columns := []render.Column{render.Right("RANK"), render.Right("ROWS"), render.Left("COORDS")}
	if d.Map {
		columns = append(columns, render.Right("PARTITION"))
	}
	t := render.NewTable(w, columns...)
	for i, r := range d.Ranks {
		if i == fewRanks && !o.ranks {
			break
		}
		cells := []string{strconv.Itoa(r.Rank), humanize.Comma(r.Rows), triple(r.Coords)}
		if d.Map {
			cells = append(cells, strconv.Itoa(*r.Partition))
		}
		t.Row(cells...)
	}
	return t
}
