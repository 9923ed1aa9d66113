package memmap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// RewriteFolder is [WriteFolder] into a folder that another WriteFolder filled, with
// arrays that go: it writes over their files, which needs no fresh pages, blocks and
// inodes, and so is several times as fast. Files of fields that d does not have are
// removed, and longer ones cut off.
//
// The caller makes sure that nobody looks into the folder any more. Who has one of its
// files open or mapped from before, or has given it a second name, in whatever
// process, keeps what it holds: the error is an ErrInUse then, and also if the folder
// has anything but what its table of contents says. Not seen is who holds the folder
// itself open; nor, on a file system that does not tell, as an overlay does not, who has
// a file mapped that he closed.
//
// The other errors are WriteFolder's. From before the first array changes until the
// last one is written the table of contents is an ErrFormat, so that arrays of which
// some are written over are never taken for a value. After an error the folder is of no
// use, and the caller's to remove.
func RewriteFolder(ctx context.Context, files fsys.FS, folder, set string, d *soa.Dict, o Options) (size int64, err error) {
	w := newFolderWriter(ctx, files, folder, o)
	w.over = true
	text, err := contentsOf(set, d)
	if err == nil {
		err = w.takeOver(d)
	}
	if err != nil {
		return 0, fmt.Errorf("memmap: write over %s: %w", folder, err)
	}
	return w.write(d, text)
}

// takeOver makes the folder's files ones to be written over, and removes those that d
// has no use for.
func (w *folderWriter) takeOver(d *soa.Dict) error {
	names, err := w.ownFiles()
	if err == nil {
		err = w.void()
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if field, ok := fieldOf(name); ok && !d.Has(field) {
			if err := w.fs.Remove(filepath.Join(w.folder, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownFiles returns the names of the files in the folder, if they all are of what its
// table of contents says.
func (w *folderWriter) ownFiles() (names []string, err error) {
	entries, err := w.fs.ReadDir(w.folder)
	if err != nil {
		return nil, err
	}
	old, err := OpenFolder(w.fs, w.folder)
	if err != nil {
		return nil, err
	}
	names = make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
		if !e.Type().IsRegular() || !old.owns(names[i]) {
			return nil, fmt.Errorf("%w: %q is not of its arrays", ErrInUse, names[i])
		}
	}
	return names, nil
}

// owns reports whether the folder has a file of that name by its table of contents.
func (f *Folder) owns(name string) bool {
	field, ok := fieldOf(name)
	_, has := f.scalar[field]
	return ok && has || name == ContentsName
}

// fieldOf returns the field that the file name of a folder is of; ok is false if it is
// of none.
func fieldOf(name string) (field string, ok bool) {
	stem, ok := strings.CutSuffix(name, arraySuffix)
	if !ok {
		stem, ok = strings.CutSuffix(name, yamlSuffix)
	}
	if !ok {
		return "", false
	}
	return fsys.DecodeName(stem)
}

// void makes the table of contents one that nobody can read, and sees to it that this
// is on the disk before any array changes, if the arrays are to be.
func (w *folderWriter) void() error {
	f, _, err := w.reopen(filepath.Join(w.folder, ContentsName))
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte{0}, 0) // which no JSON begins with
	if err == nil && w.sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// reopen opens a file to write over it, and returns its length, if nobody else has it
// open, mapped or linked.
func (w *folderWriter) reopen(name string) (f fsys.File, size int64, err error) {
	if f, err = w.fs.OpenFile(name, os.O_WRONLY); err != nil {
		return nil, 0, err
	}
	size, alone, err := f.Alone()
	if err == nil && !alone {
		err = fmt.Errorf("%w: %s", ErrInUse, name)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}
