package memmap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	defer w.release()
	w.over = true
	err = w.plan(set, d)
	if err == nil {
		err = w.takeOver(d)
	}
	if err != nil {
		return 0, fmt.Errorf("memmap: write over %s: %w", folder, err)
	}
	return w.write(d)
}

// takeOver makes the folder's files ones to be written over, and removes those that d
// has no use for.
func (w *folderWriter) takeOver(d *soa.Dict) error {
	err := w.checkFiles()
	if err == nil {
		err = w.void()
	}
	if err != nil {
		return err
	}
	for _, field := range w.old.contents.Fields {
		if !d.Has(field.Name) {
			if err := w.removeArray(field.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFiles reports if anything in the folder is not of what its table of contents
// says.
func (w *folderWriter) checkFiles() error {
	if err := w.old.Reset(w.files.FS, w.files.Path); err != nil {
		return err
	}
	return w.files.Entries(func(name string, regular bool) error {
		if !regular || !w.old.owns(name) {
			return fmt.Errorf("%w: %q is not of its arrays", ErrInUse, name)
		}
		return nil
	})
}

// owns reports whether the folder has a file of that name by its table of contents.
func (f *Folder) owns(name string) bool {
	field, ok := fieldOf(name)
	_, has := f.scalar[field]
	return ok && has || name == ContentsName
}

// removeArray removes the files of a field, as far as they are there.
func (w *folderWriter) removeArray(field string) error {
	path := fieldPath(w.files.Path, field)
	for _, suffix := range []string{arraySuffix, yamlSuffix} {
		err := w.files.FS.Remove(path.With(suffix).String())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
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

// nothing is what no table of contents begins with.
var nothing = []byte{0}

// void makes the table of contents one that nobody can read, and sees to it that this
// is on the disk before any array changes, if the arrays are to be.
func (w *folderWriter) void() error {
	f, _, err := w.reopen(ContentsName, "")
	if err != nil {
		return err
	}
	_, err = f.WriteAt(nothing, 0)
	if err == nil && w.sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// reopen opens a file to write over it, and returns its length, if nobody else has it
// open, mapped or linked.
func (w *folderWriter) reopen(stem, suffix string) (f fsys.File, size int64, err error) {
	if f, err = w.files.OpenFile(stem, suffix, os.O_WRONLY); err != nil {
		return nil, 0, err
	}
	size, alone, err := f.Alone()
	if err == nil && !alone {
		err = fmt.Errorf("%w: %s", ErrInUse, f.Name())
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}
