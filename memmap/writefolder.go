package memmap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	w := newFolderWriter(ctx, files, folder, o)
	text, err := contentsOf(set, d)
	if err != nil {
		return 0, fmt.Errorf("memmap: write %s: %w", folder, err)
	}
	return w.write(d, text)
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

// allocateFrom is how many bytes more a file must get for their space to be set aside
// before they are written: a disk takes them faster then, and says early that it is full.
const allocateFrom = 1 << 20

// A folderWriter writes the files of a folder and counts their bytes.
type folderWriter struct {
	ctx    context.Context
	fs     fsys.FS
	folder string
	over   bool // files may be there already, to be written over
	sync   bool
	size   int64
	text   []byte // of the YAML file that is written, whose memory is kept
}

func newFolderWriter(ctx context.Context, files fsys.FS, folder string, o Options) *folderWriter {
	if files == nil {
		files = fsys.OS
	}
	return &folderWriter{ctx: ctx, fs: files, folder: folder, sync: o.Sync}
}

// write writes the arrays of d, and then the table of contents.
func (w *folderWriter) write(d *soa.Dict, contents []byte) (size int64, err error) {
	for name, a := range d.All() {
		if err := w.array(FieldPath(w.folder, name), a); err != nil {
			return 0, fmt.Errorf("memmap: field %q: %w", name, err)
		}
	}
	if err := w.file(filepath.Join(w.folder, ContentsName), contents); err != nil {
		return 0, err
	}
	if w.sync {
		err = w.fs.SyncDir(w.folder)
	}
	return w.size, err
}

func (w *folderWriter) array(path string, a soa.Array) error {
	if err := w.file(path+arraySuffix, a.Bytes()); err != nil {
		return err
	}
	w.text = appendInfo(w.text[:0], infoOf(a))
	return w.file(path+yamlSuffix, w.text)
}

// file makes b the content of the file name.
func (w *folderWriter) file(name string, b []byte) error {
	f, before, err := w.open(name)
	if err != nil {
		return err
	}
	err = w.resize(f, before, int64(len(b)))
	if err == nil {
		err = w.pieces(f, b)
	}
	if err == nil && w.sync {
		err = f.Sync()
	}
	w.size += int64(len(b))
	return errors.Join(err, f.Close())
}

// open opens the file name, which has so many bytes already: a new one or, with over,
// one that nobody else uses.
func (w *folderWriter) open(name string) (f fsys.File, before int64, err error) {
	if w.over {
		f, before, err = w.reopen(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, before, err
		}
	}
	f, err = w.fs.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	return f, 0, err
}

// resize cuts off what f, of so many bytes, has behind size, or sets space aside for
// what is to be written behind its end.
func (w *folderWriter) resize(f fsys.File, before, size int64) error {
	if before > size {
		return f.Truncate(size)
	}
	if size-before < allocateFrom {
		return nil
	}
	err := f.Allocate(before, size-before)
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
