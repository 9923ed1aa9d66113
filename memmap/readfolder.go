package memmap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/together"
)

// Folder is a folder of arrays whose table of contents was read. It holds nothing
// open, so there is nothing to close. Its methods are safe for concurrent use, except
// Reset.
type Folder struct {
	files    fsys.Folder
	contents Contents
	scalar   map[string]bool // each field
	text     []byte          // memory for the table's
}

// OpenFolder reads the table of contents of folder. A nil files is the machine's file
// system. The error is an ErrFormat, or the file system's: an fs.ErrNotExist if
// folder has no table.
func OpenFolder(files fsys.FS, folder string) (*Folder, error) {
	f := new(Folder)
	if err := f.Reset(files, folder); err != nil {
		return nil, err
	}
	return f, nil
}

// keptText is the size of a table of contents up to which memory is kept for the next.
const keptText = 16 << 10

// Reset makes f what [OpenFolder] returns, in the memory that it has: the table of
// contents that it had is no more. After an error f is to be Reset again.
func (f *Folder) Reset(files fsys.FS, folder string) error {
	f.files.FS, f.files.Path = orMachine(files), folder
	file, err := f.files.OpenFile(ContentsName, "", os.O_RDONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return err
	}
	return f.load(file, size)
}

// load reads the table of contents, a file of so many bytes.
func (f *Folder) load(file fsys.File, size int64) error {
	if cap(f.text) > keptText {
		f.contents, f.scalar, f.text = Contents{}, nil, nil
	}
	if f.scalar == nil {
		f.scalar = make(map[string]bool)
	}
	clear(f.scalar)
	if err := f.readText(file, size); err != nil {
		return err
	}
	if err := f.contents.parse(f.text, f.scalar); err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	return nil
}

// readText reads the table of contents, or one byte more than one may have.
func (f *Folder) readText(file fsys.File, size int64) error {
	size = min(size, MaxContents+1)
	f.text = slices.Grow(f.text[:0], int(size))[:size]
	n, err := file.ReadAt(f.text, 0)
	f.text = f.text[:n]
	if err == io.EOF { // it was cut short meanwhile, which is left to the format to find
		err = nil
	}
	return err
}

// orMachine returns the machine's file system for none.
func orMachine(files fsys.FS) fsys.FS {
	if files == nil {
		return fsys.OS
	}
	return files
}

// Contents returns the table of contents, until Reset. The caller must not change it.
func (f *Folder) Contents() Contents { return f.contents }

// Read puts the named fields into d, each in the memory of the array that d has under
// its name if that is large enough (see soa's Array.Resize). It maps nothing, so a
// file that is cut short meanwhile is an ordinary error. Of a folder that is replaced by
// another meanwhile, the fields are read again from that one.
//
// The errors are those of [OpenFile], an ErrKind for a sparse matrix, an ErrTruncated,
// an ErrField for a name that is not in the table, ctx's, or the file system's. After
// an error, elements of d's arrays may have changed. Read asks ctx before each read,
// of 16 MiB at most.
func (f *Folder) Read(ctx context.Context, d *soa.Dict, names ...string) error {
	return f.opened(func(in fsys.Path) error {
		for _, name := range names {
			have, _ := d.Get(name)
			a, err := f.readField(ctx, in, have, name)
			if err != nil {
				return fieldError(name, err)
			}
			d.Set(name, a)
		}
		return nil
	})
}

func fieldError(name string, err error) error { return fmt.Errorf("memmap: field %q: %w", name, err) }

// opened calls fn with the folder, open, until no other has its path when fn returns:
// what fn found may be of both then, and even of none, if somebody writes the former
// over.
func (f *Folder) opened(fn func(in fsys.Path) error) error {
	for range rereads {
		if replaced, err := f.tryOpened(fn); !replaced {
			return err
		}
	}
	return replacedAgain(fsys.Path{Stem: f.files.Path})
}

// tryOpened also tells whether another folder has the path by now.
func (f *Folder) tryOpened(fn func(in fsys.Path) error) (replaced bool, err error) {
	in, err := fsys.Path{Folder: f.files.Path}.OpenFolder()
	if err != nil {
		return false, notFound(in, &fs.PathError{Op: "open", Path: f.files.Path, Err: err})
	}
	defer in.CloseFolder()
	err = fn(in)
	return !in.FolderStays(), err
}

// View calls fn with the named fields, mapped as [OpenFile] does, and guards it as
// [Guard] does. They end with fn. The errors are fn's and those of Read.
func (f *Folder) View(mode Mode, names []string, fn func(*soa.Dict) error) (err error) {
	var v views
	defer func() { err = errors.Join(err, v.close()) }()
	if err := f.opened(func(in fsys.Path) error { return v.open(f, in, mode, names) }); err != nil {
		return err
	}
	return Guard(func() error { return fn(v.dict) }, v.handles...)
}

// views are mapped fields of a folder.
type views struct {
	dict    *soa.Dict
	files   []*File
	handles []Handle // the same files
}

// open maps the named fields instead of those that are mapped.
func (v *views) open(f *Folder, in fsys.Path, mode Mode, names []string) error {
	if err := v.close(); err != nil {
		return err
	}
	v.dict = soa.NewDict()
	for _, name := range names {
		file, a, err := f.mapField(in, name, mode)
		if err != nil {
			return fieldError(name, err)
		}
		v.files, v.handles = append(v.files, file), append(v.handles, file)
		v.dict.Set(name, a)
	}
	return nil
}

func (v *views) close() (err error) {
	for _, file := range v.files {
		err = errors.Join(err, file.Close())
	}
	*v = views{}
	return err
}

// mapField returns an open field and its elements.
func (f *Folder) mapField(in fsys.Path, name string, mode Mode) (*File, soa.Array, error) {
	if err := f.has(name); err != nil {
		return nil, soa.Array{}, err
	}
	in.Stem = fsys.EncodeName(name)
	file, err := openFile(in, mode)
	if err != nil {
		return nil, soa.Array{}, err
	}
	shape, err := f.shape(name, file.info)
	if err != nil {
		return nil, soa.Array{}, errors.Join(err, file.Close())
	}
	a, err := file.arrays[0].Reshape(shape...)
	return file, a, err // the shape holds as many elements
}

// has reports a name that is not in the table of contents.
func (f *Folder) has(name string) error {
	if _, ok := f.scalar[name]; ok {
		return nil
	}
	e := &soa.FieldError{Field: name}
	for _, field := range f.contents.Fields {
		e.Have = append(e.Have, field.Name)
	}
	return e
}

// shape returns the shape that the field name was written with, of which info is what
// its files say.
func (f *Folder) shape(name string, info Info) ([]int, error) {
	switch {
	case info.Sparse:
		return nil, fmt.Errorf("%w: it is sparse", ErrKind)
	case !f.scalar[name]:
		return info.Shape, nil
	case slices.Equal(info.Shape, []int{1}):
		return []int{}, nil
	}
	return nil, fmt.Errorf("%w: the table of contents says that it has no dimensions, and its shape is %v", soa.ErrShape, info.Shape)
}

// readField returns a field of the open folder in the memory of have, if that is large
// enough.
func (f *Folder) readField(ctx context.Context, in fsys.Path, have soa.Array, name string) (soa.Array, error) {
	if err := f.has(name); err != nil {
		return soa.Array{}, err
	}
	in.Stem = fsys.EncodeName(name)
	set, err := openSet(in, os.O_RDONLY)
	if err != nil {
		return soa.Array{}, err
	}
	defer set.close()
	shape, err := f.shape(name, set.info)
	if err != nil {
		return soa.Array{}, err
	}
	a, err := have.Resize(set.info.DType, shape...)
	if err == nil {
		err = readElements(ctx, &set.files[0], a)
	}
	return a, err
}

// readElements fills a from the start of file. After an error a caller's bools are
// false, since the bytes that were read may be no bools.
func readElements(ctx context.Context, file *descriptor, a soa.Array) error {
	b := a.Bytes()
	err := readPieces(ctx, file, b)
	if a.DType() != soa.Bool {
		return err
	}
	if err == nil {
		_, err = soa.FromBytes(soa.Bool, b, len(b)) // looks at each
	}
	if err != nil {
		clear(b)
	}
	return err
}

// readPieces fills b from the start of file: several parts of many bytes at once.
func readPieces(ctx context.Context, file *descriptor, b []byte) error {
	if parts := together.Parts(int64(len(b))); parts > 1 {
		return readParts(ctx, *file, b, parts)
	}
	return readPart(ctx, file, b, 0)
}

func readParts(ctx context.Context, file descriptor, b []byte, parts int) error {
	return together.InParts(int64(len(b)), parts, int64(os.Getpagesize()), func(_ int, lo, hi int64) error {
		return readPart(ctx, &file, b[lo:hi], lo)
	})
}

// readPart fills b from offset off of file.
func readPart(ctx context.Context, file *descriptor, b []byte, off int64) error {
	for len(b) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := file.readAt(b[:min(pieceSize, len(b))], off)
		if err != nil {
			return readError(file, err)
		}
		b, off = b[n:], off+int64(n)
	}
	return nil
}

// readError says of a file that had the right size and ended before it what that is.
func readError(file *descriptor, err error) error {
	if err == io.EOF {
		return fmt.Errorf("%s: %w", file.name(), ErrTruncated)
	}
	return err
}
