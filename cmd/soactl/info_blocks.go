package main

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/soastore/soa/cmd/soactl/internal/render"
	"github.com/soastore/soa/genericio"
)

// gioBlock says where the rows of a rank and a variable are, and how they are
// stored.
type gioBlock struct {
	File     string   `json:"file"`
	Rank     int      `json:"rank"`
	Variable string   `json:"variable"`
	Offset   int64    `json:"offset"`
	Stored   int64    `json:"stored_bytes"` // without the checksum behind them
	Plain    int64    `json:"plain_bytes"`
	Ratio    ratio    `json:"ratio"`
	Filters  []string `json:"filters"`
	Codec    string   `json:"codec"`   // "" for none, or one that is not known
	Shuffle  string   `json:"shuffle"` // "" if Codec is
}

// unknown is in place of what a damaged block does not tell.
const unknown = "?"

func describeBlock(r *genericio.Reader, place, variable int) (gioBlock, error) {
	h := r.Header()
	b := r.Block(place, variable)
	out := gioBlock{File: r.Name(), Rank: h.Ranks[place].GlobalRank, Variable: h.Variables[variable].Name, Offset: b.Offset,
		Stored: b.Size, Plain: b.Plain, Ratio: ratio{b.Plain, b.Size}, Filters: orNone(b.Filters)}
	if len(b.Filters) == 0 {
		return out, nil
	}
	chunk, err := r.Chunk(place, variable)
	switch {
	case err == nil:
		out.Codec, out.Shuffle = chunk.Compressor.String(), shuffleNames[chunk.Shuffle]
	case errors.Is(err, genericio.ErrFilter): // Filters says all that is known
	case errors.Is(err, genericio.ErrFormat): // verify says more
		out.Codec, out.Shuffle = unknown, unknown
	default:
		return out, err
	}
	return out, nil
}

func (d *gioInfo) blockTable(w io.Writer) *render.Table {
	t := render.NewTable(w, render.Right("RANK"), render.Left("VARIABLE"), render.Right("OFFSET"), render.Right("STORED"),
		render.Right("PLAIN"), render.Right("RATIO"), render.Left("FILTERS"), render.Left("CODEC"), render.Left("FILE"))
	for _, b := range d.Blocks {
		t.Row(strconv.Itoa(b.Rank), b.Variable, strconv.FormatInt(b.Offset, 10), strconv.FormatInt(b.Stored, 10),
			strconv.FormatInt(b.Plain, 10), b.Ratio.String(), strings.Join(b.Filters, " "), strings.TrimSpace(b.Codec+" "+b.Shuffle), b.File)
	}
	return t
}
