package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/codec/blosc"
	"github.com/soastore/soa/genericio"
)

// codecChoice is what --codec asks for, of which a file takes what is for its kind.
type codecChoice struct {
	blosc   *genericio.Compression // for .gio; nil for none
	deflate int                    // level for .npz; 0 for none
}

// npzLevel is the level of deflate that numpy.savez_compressed has.
const npzLevel = 6

// codecNames has what there is for each kind of file.
var codecNames = map[dataset.Kind][]string{
	dataset.GIO:    {"lz4", "lz4hc", "zstd", "zlib", "snappy", "blosclz", "none"},
	dataset.NPZ:    {"deflate", "none"},
	dataset.Memmap: {"none"}, // the elements are as they are in memory
}

// shuffleNames are in the order of blosc's constants.
var shuffleNames = []string{blosc.ByteShuffle: "byte", blosc.BitShuffle: "bit", blosc.NoShuffle: "noshuffle"}

// parseCodec returns what text, as soastore's Options.Codec has it, asks for in a
// file of the given kind: a codec and, after colons and in any order, a level and a
// shuffle.
func parseCodec(text string, kind dataset.Kind) (c codecChoice, err error) {
	parts := strings.Split(text, ":")
	name := cmp.Or(parts[0], "none")
	if !slices.Contains(codecNames[kind], name) {
		return c, usagef("--codec %q: for %s there is only %s", text, kind, strings.Join(codecNames[kind], ", "))
	}
	level, shuffle := 0, blosc.ByteShuffle
	for _, part := range parts[1:] {
		n, err := strconv.Atoi(part)
		s := slices.Index(shuffleNames, part)
		switch {
		case name != "none" && err == nil && n >= 1 && n <= 9:
			level = n
		case name != "none" && s >= 0 && kind == dataset.GIO:
			shuffle = blosc.Shuffle(s)
		default:
			return c, usagef("--codec %q: %q is not %s", text, part, detailsOf(name))
		}
	}
	switch name {
	case "none":
	case "deflate":
		c.deflate = cmp.Or(level, npzLevel)
	default:
		inner, _ := blosc.ParseCompressor(name) // which knows the names for .gio
		c.blosc = &genericio.Compression{Inner: inner, Level: level, Shuffle: shuffle}
	}
	return c, nil
}

// detailsOf says what may follow the name of a codec.
func detailsOf(name string) string {
	switch name {
	case "none":
		return "needed: none has no level and no shuffle"
	case "deflate":
		return "a level from 1 to 9, which is all that deflate has"
	}
	return "a level from 1 to 9, nor " + strings.Join(shuffleNames, ", ")
}
