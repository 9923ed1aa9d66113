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
	defer w.release()
	w.over = true
	if err = w.plan(set, d); err == nil {
		err = w.files.Open()
	}
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
	unused, err := w.voidFolder(d)
	if err != nil {
		return err
	}
	for _, name := range unused {
		if err := w.files.FS.Remove(filepath.Join(w.files.Path, name)); err != nil {
			return err
		}
	}
	return nil
}

// voidFolder voids the table of contents if the folder has nothing but what it says. It
// returns the names of the files that d has no use for.
func (w *folderWriter) voidFolder(d *soa.Dict) (unused []string, err error) {
	f, size, err := w.reopen(ContentsName, "", os.O_RDWR)
	if err != nil {
		return nil, err
	}
	err = w.old.load(f, size)
	if err == nil {
		unused, err = w.checkFiles(d)
	}
	if err == nil {
		err = w.void(f)
	}
	return unused, errors.Join(err, f.Close())
}

// checkFiles reports if anything in the folder is not of what its table of contents
// says. It returns the names of the files that d has no use for.
func (w *folderWriter) checkFiles(d *soa.Dict) (unused []string, err error) {
	err = w.files.Entries(func(name string, regular bool) error {
		field, ok := w.old.fieldOf(name)
		switch {
		case regular && name == ContentsName:
		case !regular || !ok:
			return fmt.Errorf("%w: %q is not of its arrays", ErrInUse, name)
		case !d.Has(field):
			unused = append(unused, name)
		}
		return nil
	})
	return unused, err
}

// fieldOf returns the field that the file of that name is of, if it is in the table of
// contents.
func (f *Folder) fieldOf(name string) (field string, ok bool) {
	if field, ok = fieldOf(name); ok {
		_, ok = f.scalar[field]
	}
	return field, ok
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
func (w *folderWriter) void(contents fsys.File) error {
	_, err := contents.WriteAt(nothing, 0)
	if err == nil && w.sync {
		err = contents.Sync()
	}
	return err
}

// reopen opens a file to write over it, and returns its length, if nobody else has it
// open, mapped or linked.
func (w *folderWriter) reopen(stem, suffix string, flag int) (f fsys.File, size int64, err error) {
	if f, err = w.files.OpenFile(stem, suffix, flag); err != nil {
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
