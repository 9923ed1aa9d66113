package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/soastore/soa/memmap"
)

// Kind is what sort of file one is.
type Kind string

// The kinds.
const (
	GIO    Kind = "gio"
	NPZ    Kind = "npz"
	NPY    Kind = "npy"
	Memmap Kind = "memmap" // the files of a mapped array, or a folder of such
	Arena  Kind = "arena"
)

// magics are the first bytes of the files of each kind; an empty zip archive has
// no member to begin with, and mapped arrays begin with anything.
var magics = []struct {
	kind  Kind
	bytes string
}{
	{GIO, "HACC01"}, {NPZ, "PK\x03\x04"}, {NPZ, "PK\x05\x06"}, {NPY, "\x93NUMPY"}, {Arena, "soaarena"},
}

// KindOf returns the kind of what name stands for: a file, a folder of mapped
// arrays, or the name that the files of a mapped array have in common.
func KindOf(name string) (Kind, error) {
	switch info, err := os.Stat(name); {
	case errors.Is(err, fs.ErrNotExist) && isArray(name):
		return Memmap, nil
	case err != nil:
		return "", err
	case IsFolder(name):
		return Memmap, nil
	case info.IsDir() && isArray(name):
		return Memmap, nil
	case info.IsDir():
		return "", fmt.Errorf("%s: a folder without %s", name, memmap.ContentsName)
	}
	return kindOfFile(name)
}

// kindOfFile goes by the first bytes or, if they are damaged, by the name.
func kindOfFile(name string) (Kind, error) {
	f, err := OpenFile(name, nil)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 8)
	n, _ := f.ReadAt(head, 0) // what cannot be read has no magic
	if kind, ok := KindOfBytes(head[:n]); ok {
		return kind, nil
	}
	if kind, ok := KindOfName(name); ok {
		return kind, nil
	}
	return "", fmt.Errorf("%s: neither a GenericIO file nor a .npz or .npy file, a mapped array or an arena", name)
}

// KindOfBytes returns the kind of file that begins so.
func KindOfBytes(head []byte) (Kind, bool) {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.kind, true
		}
	}
	return "", false
}

// KindOfName returns the kind that a name says. A partition file's, NAME#k, is
// NAME's.
func KindOfName(name string) (Kind, bool) {
	base, _, _ := strings.Cut(filepath.Base(name), "#")
	ext := filepath.Ext(base)
	switch kind := Kind(strings.TrimPrefix(ext, ".")); kind {
	case GIO, NPZ, NPY, Memmap, Arena:
		return kind, true
	}
	return Memmap, slices.Contains(ArraySuffixes, ext)
}
