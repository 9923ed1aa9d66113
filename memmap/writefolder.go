package memmap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// WriteFolder fills folder, which is there and is empty, with the arrays of d and
// a table of contents that names set: the files that [Write] makes of each array,
// one of 0 dimensions as one of extent 1, and then [ContentsName]. It returns how
// many bytes they hold. [Options].Reserve means nothing here.
//
// No file is written under another name first: a folder that nobody reads yet is
// renamed as a whole, or not at all. So what an error leaves in it is the caller's
// to remove. A nil files is the machine's file system.
//
// The error is an ErrDType, an ErrShape, an ErrField (a name that is empty or not
// UTF-8), an ErrRange (a table of contents longer than [MaxContents]), ctx's, or the
// file system's. Before it writes anything WriteFolder looks for all that is wrong
// with d. It asks ctx before each write, of 16 MiB at most.
func WriteFolder(ctx context.Context, files fsys.FS, folder, set string, d *soa.Dict, o Options) (size int64, err error) {
	if files == nil {
		files = fsys.OS
	}
	text, err := contentsOf(set, d)
	if err != nil {
		return 0, fmt.Errorf("memmap: write %s: %w", folder, err)
	}
	w := &folderWriter{ctx: ctx, fs: files, sync: o.Sync}
	for name, a := range d.All() {
		if err := w.array(FieldPath(folder, name), a); err != nil {
			return 0, fmt.Errorf("memmap: field %q: %w", name, err)
		}
	}
	if err := w.file(filepath.Join(folder, ContentsName), text); err != nil {
		return 0, err
	}
	if o.Sync {
		err = files.SyncDir(folder)
	}
	return w.size, err
}

// contentsOf returns the text of d's table of contents, once each array of d can be
// written.
func contentsOf(set string, d *soa.Dict) ([]byte, error) {
	if soa.NativeBigEndian() {
		return nil, fmt.Errorf("%w: its elements are little-endian, and this machine is not", ErrFormat)
	}
	table := Contents{Set: set}
	table.Fields = slices.Grow(table.Fields, d.Len())
	for name, a := range d.All() {
		if name == "" || !utf8.ValidString(name) {
			return nil, fmt.Errorf("%w: the name %q is empty or not UTF-8", soa.ErrField, name)
		}
		if problem, err := infoOf(a).check(); err != nil {
			return nil, fmt.Errorf("field %q: %s: %w", name, problem, err)
		}
		table.Fields = append(table.Fields, ContentsField{Name: name, Scalar: a.NDim() == 0})
	}
	text, err := table.Text()
	if err == nil && len(text) > MaxContents {
		err = fmt.Errorf("%w: a table of contents of %d bytes, of %d at most", ErrRange, len(text), MaxContents)
	}
	return text, err
}

// infoOf returns what the files of a are to be.
func infoOf(a soa.Array) Info {
	if a.NDim() == 0 {
		return Info{DType: a.DType(), Shape: []int{1}}
	}
	return Info{DType: a.DType(), Shape: a.Shape()}
}

// pieceSize is how many bytes are written at once, between two looks at the context:
// little enough for a slow disk, and enough that a call more costs nothing.
const pieceSize = 16 << 20

// allocateFrom is the size of a file from which its space is set aside before it is
// written: a disk takes it faster then, and says early that it is full.
const allocateFrom = 1 << 20

// A folderWriter writes new files and counts their bytes.
type folderWriter struct {
	ctx  context.Context
	fs   fsys.FS
	sync bool
	size int64
	text []byte // of the YAML file that is written, whose memory is kept
}

func (w *folderWriter) array(path string, a soa.Array) error {
	if err := w.file(path+arraySuffix, a.Bytes()); err != nil {
		return err
	}
	w.text = appendInfo(w.text[:0], infoOf(a))
	return w.file(path+yamlSuffix, w.text)
}

// file makes the file name, which is not there yet.
func (w *folderWriter) file(name string, b []byte) error {
	f, err := w.fs.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	if len(b) >= allocateFrom {
		err = w.allocate(f, len(b))
	}
	if err == nil {
		err = w.pieces(f, b)
	}
	if err == nil && w.sync {
		err = f.Sync()
	}
	w.size += int64(len(b))
	return errors.Join(err, f.Close())
}

func (w *folderWriter) allocate(f fsys.File, size int) error {
	err := f.Allocate(0, int64(size))
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func (w *folderWriter) pieces(f fsys.File, b []byte) error {
	for off := 0; off < len(b); off += pieceSize {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if _, err := f.WriteAt(b[off:min(off+pieceSize, len(b))], int64(off)); err != nil {
			return err
		}
	}
	return nil
}
