package memmap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
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
	defer w.release()
	if err = w.plan(set, d); err == nil {
		err = w.files.Open()
	}
	if err != nil {
		return 0, fmt.Errorf("memmap: write %s: %w", folder, err)
	}
	return w.write(d)
}

// scalarShape is that of the array that a scalar is written as.
var scalarShape = []int{1}

// infoOf returns what the files of a are to be.
func infoOf(a soa.Array) Info {
	if a.NDim() == 0 {
		return Info{DType: a.DType(), Shape: scalarShape}
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
	ctx   context.Context
	files fsys.Folder
	over  bool // files may be there already, to be written over
	sync  bool
	size  int64
	old   Folder // what is written over

	fields   []ContentsField // memory for the table of contents
	contents []byte          // its text
	text     []byte          // of the YAML file that is written
}

// folderWriters are done, with the memory for the next folder.
var folderWriters = sync.Pool{New: func() any { return new(folderWriter) }}

// newFolderWriter returns a writer, which the caller releases.
func newFolderWriter(ctx context.Context, files fsys.FS, folder string, o Options) *folderWriter {
	w := folderWriters.Get().(*folderWriter)
	w.files.FS, w.files.Path = orMachine(files), folder
	w.ctx, w.over, w.sync, w.size = ctx, false, o.Sync, 0
	return w
}

func (w *folderWriter) release() {
	w.files.Close()
	if cap(w.contents) > keptText {
		return
	}
	clear(w.fields) // whose names are the caller's
	w.ctx = nil
	folderWriters.Put(w)
}

// plan makes the table of contents of d, once each array of d can be written.
func (w *folderWriter) plan(set string, d *soa.Dict) (err error) {
	if soa.NativeBigEndian() {
		return fmt.Errorf("%w: its elements are little-endian, and this machine is not", ErrFormat)
	}
	table := Contents{Set: set}
	if d.Len() > 0 { // else they are null
		table.Fields = slices.Grow(w.fields[:0], d.Len())
	}
	for name, a := range d.All() {
		if name == "" || !utf8.ValidString(name) {
			return fmt.Errorf("%w: the name %q is empty or not UTF-8", soa.ErrField, name)
		}
		if problem, err := infoOf(a).check(); err != nil {
			return fmt.Errorf("field %q: %s: %w", name, problem, err)
		}
		table.Fields = append(table.Fields, ContentsField{Name: name, Scalar: a.NDim() == 0})
	}
	w.fields = table.Fields
	w.contents, err = table.appendText(w.contents[:0])
	if err == nil && len(w.contents) > MaxContents {
		err = fmt.Errorf("%w: a table of contents of %d bytes, of %d at most", ErrRange, len(w.contents), MaxContents)
	}
	return err
}

// write writes the arrays of d, and then the table of contents.
func (w *folderWriter) write(d *soa.Dict) (size int64, err error) {
	for name, a := range d.All() {
		if err := w.array(fsys.EncodeName(name), a); err != nil {
			return 0, fmt.Errorf("memmap: field %q: %w", name, err)
		}
	}
	if err := w.file(ContentsName, "", w.contents); err != nil {
		return 0, err
	}
	if w.sync {
		err = w.files.FS.SyncDir(w.files.Path)
	}
	return w.size, err
}

func (w *folderWriter) array(stem string, a soa.Array) error {
	if err := w.file(stem, arraySuffix, a.Bytes()); err != nil {
		return err
	}
	w.text = appendInfo(w.text[:0], infoOf(a))
	return w.file(stem, yamlSuffix, w.text)
}

// file makes b the content of the file of that name.
func (w *folderWriter) file(stem, suffix string, b []byte) error {
	f, before, err := w.open(stem, suffix)
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

// open opens the file of that name, which has so many bytes already: a new one or, with
// over, one that nobody else uses.
func (w *folderWriter) open(stem, suffix string) (f fsys.File, before int64, err error) {
	if w.over {
		f, before, err = w.reopen(stem, suffix, os.O_WRONLY)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, before, err
		}
	}
	f, err = w.files.OpenFile(stem, suffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
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
