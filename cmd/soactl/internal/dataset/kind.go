package dataset

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
)

// Kind is what sort of file one is.
type Kind string

// The kinds.
const (
	GIO Kind = "gio"
	NPZ Kind = "npz"
	NPY Kind = "npy"
)

// magics are the first bytes of the files of each kind; an empty zip archive has
// no member to begin with.
var magics = []struct {
	kind  Kind
	bytes string
}{
	{GIO, "HACC01"}, {NPZ, "PK\x03\x04"}, {NPZ, "PK\x05\x06"}, {NPY, "\x93NUMPY"},
}

// KindOf returns the kind of an open file: by its first bytes or, if they are
// damaged, by its name.
func KindOf(f *File) (Kind, error) {
	head := make([]byte, 8)
	n, _ := f.ReadAt(head, 0) // what cannot be read has no magic
	if kind, ok := KindOfBytes(head[:n]); ok {
		return kind, nil
	}
	if kind, ok := KindOfName(f.Name()); ok {
		return kind, nil
	}
	return "", fmt.Errorf("%s: neither a GenericIO file nor a .npz or .npy file", f.Name())
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

// KindOfName returns the kind that a file's name says. A partition file's, NAME#k,
// is NAME's.
func KindOfName(name string) (Kind, bool) {
	base, _, _ := strings.Cut(filepath.Base(name), "#")
	switch kind := Kind(strings.TrimPrefix(filepath.Ext(base), ".")); kind {
	case GIO, NPZ, NPY:
		return kind, true
	}
	return "", false
}
