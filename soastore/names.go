package soastore

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/soastore/soa/internal/fsys"
)

// The names of a store's files. PREFIX is Options.Path, which ends in the first
// part of a file name, KEY an encoded key, N a rank or partition number.
//
//	PREFIX_KEY.tmp.gio                 GenericIO: a file of all ranks, or a rank map
//	PREFIX_KEY.tmp.gio#N               GenericIO: partition N of that map
//	PREFIX_KEY.tmp.rank-N.npz          NPZ: the rows of rank N
//	PREFIX_KEY.tmp.rank-N.memmap       a folder of mapped arrays: the rows of rank N
//	PREFIX.tmp.rank-N.arena            all values of rank N
//	NAME.TOKEN.partial                 NAME while it is written; once names have been
//	                                   exchanged, NAME's earlier content until all agree
//	NAME.TOKEN.old                     NAME's earlier content until all agree that it goes
//	NAME.TOKEN.spare                   a file or folder that once was NAME, kept to be written
//	                                   over, or being so
//
// TOKEN is 16 hexadecimal digits: 8 that are drawn when a store is opened, and 8
// that count its calls. The first three are the names of haccytrees' stores, so
// that both sides read each other's files.
const (
	gioSuffix     = ".tmp.gio"
	rankInfix     = ".tmp.rank-"
	npzSuffix     = ".npz"
	memmapSuffix  = ".memmap"
	arenaSuffix   = ".arena"
	partialSuffix = ".partial"
	oldSuffix     = ".old"
	spareSuffix   = ".spare"
	tokenLen      = 16

	maxKey      = 128 // bytes of a key
	maxFileName = 255 // bytes of a file name, on all common file systems
)

// checkKey reports why key cannot be a key of a store at prefix, "" if it has no
// files that are named after keys.
func checkKey(prefix, key string, maxKey int) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: it is empty", ErrKey)
	case len(key) > maxKey:
		return fmt.Errorf("%w: %d bytes are more than %d", ErrKey, len(key), maxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: it is not UTF-8", ErrKey)
	}
	longest := len(filepath.Base(prefix)) + len("_") + len(encodeKey(key)) +
		len(rankInfix+"0000000"+memmapSuffix) + 1 + tokenLen + len(partialSuffix)
	if prefix != "" && longest > maxFileName {
		return fmt.Errorf("%w: its file name would take %d bytes, more than %d (bytes outside A-Z a-z 0-9 . _ - take three)", ErrKey, longest, maxFileName)
	}
	return nil
}

// encodeKey makes a key a part of a file name; see fsys.EncodeName.
func encodeKey(key string) string { return fsys.EncodeName(key) }

// decodeKey is the inverse of encodeKey; ok is false for what encodeKey does not
// write.
func decodeKey(s string) (key string, ok bool) {
	key, ok = fsys.DecodeName(s)
	return key, ok && key != "" && utf8.ValidString(key)
}

func gioName(prefix, key string) string { return prefix + "_" + encodeKey(key) + gioSuffix }

func partitionName(gio string, n int) string { return gio + "#" + strconv.Itoa(n) }

func npzName(prefix, key string, rank int) string {
	return prefix + "_" + encodeKey(key) + rankInfix + strconv.Itoa(rank) + npzSuffix
}

func memmapName(prefix, key string, rank int) string {
	return prefix + "_" + encodeKey(key) + rankInfix + strconv.Itoa(rank) + memmapSuffix
}

// fileKind says what one of a store's files is.
type fileKind uint8

const (
	gioFile      fileKind = iota // a GenericIO file or rank map
	gioPartition                 // a partition file of a rank map
	npzFile                      // one rank's NPZ file
	memmapFolder                 // one rank's folder of mapped arrays
	arenaValue                   // one value in a rank's arena, which is no file; or, without a key, the arena
)

// fileName is what a store reads from the name of one of its files.
type fileName struct {
	name   string // in its folder
	key    string
	kind   fileKind
	number int    // the number of a gioPartition, the rank of the others
	state  string // "", or partialSuffix, oldSuffix or spareSuffix
}

// parseName takes apart the name of a file of the store whose Options.Path ends
// in base; ok is false for every other name.
func parseName(base, name string) (f fileName, ok bool) {
	rest, ok := strings.CutPrefix(name, base+"_")
	if !ok {
		return f, false
	}
	f, stem, ok := splitName(rest)
	if !ok {
		return f, false
	}
	f.name = name
	f.key, ok = decodeKey(stem)
	return f, ok
}

// splitName takes a file name apart into what it says and the stem before that.
func splitName(name string) (f fileName, stem string, ok bool) {
	f.name = name
	for _, state := range []string{partialSuffix, oldSuffix, spareSuffix} {
		if s, found := strings.CutSuffix(name, state); found && len(s) > tokenLen && s[len(s)-tokenLen-1] == '.' {
			f.state, name = state, s[:len(s)-tokenLen-1]
			break
		}
	}
	if stem, ok = strings.CutSuffix(name, gioSuffix); ok {
		f.kind = gioFile
		return f, stem, true
	}
	sep := gioSuffix + "#"
	f.kind = gioPartition
	if s, found := strings.CutSuffix(name, npzSuffix); found {
		f.kind, name, sep = npzFile, s, rankInfix
	} else if s, found := strings.CutSuffix(name, memmapSuffix); found {
		f.kind, name, sep = memmapFolder, s, rankInfix
	} else if s, found := strings.CutSuffix(name, arenaSuffix); found {
		f.kind, name, sep = arenaValue, s, rankInfix
	}
	i := strings.LastIndex(name, sep)
	if i < 0 {
		return f, "", false
	}
	number := name[i+len(sep):]
	n, err := strconv.ParseUint(number, 10, 31)
	f.number = int(n)
	return f, name[:i], err == nil && strconv.Itoa(f.number) == number
}

// isOf reports whether a file of that name is of the type that it should be.
func (f fileName) isOf(mode fs.FileMode) bool {
	if f.kind == memmapFolder {
		return mode.IsDir()
	}
	return mode.IsRegular()
}
