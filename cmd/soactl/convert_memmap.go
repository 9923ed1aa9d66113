package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/progress"
	"github.com/soastore/soa/memmap"
)

// folderSuffix is that of a folder of mapped arrays; other names of kind Memmap are
// of a single array.
const folderSuffix = ".memmap"

// writeMapped writes d as a folder of mapped arrays or as a single one.
func writeMapped(ctx context.Context, out string, force bool, d *soa.Dict, bar *progress.Bar) error {
	if filepath.Ext(out) == folderSuffix {
		return newFolder(out, force, func(folder string) error { return fillFolder(ctx, folder, d, bar) })
	}
	for name, a := range d.All() {
		if d.Len() > 1 {
			return fmt.Errorf("%s is a single array, and there are %s: choose one with --fields, or use OUT%s", out, count(d.Len(), "field"), folderSuffix)
		}
		if err := memmap.Write(dataset.ArrayPath(out), a, memmap.Options{}); err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		bar.Add(int64(a.NBytes()))
	}
	if d.Len() == 0 {
		return fmt.Errorf("%s: there is no field to write", out)
	}
	return nil
}

// fillFolder writes the arrays, and then what is in the folder.
func fillFolder(ctx context.Context, path string, d *soa.Dict, bar *progress.Bar) error {
	folder := dataset.Folder{Path: path, Contents: memmap.Contents{Fields: []memmap.ContentsField{}}}
	for name, a := range d.All() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if name == "" {
			return fmt.Errorf("%w: a field without a name has no file", soa.ErrField)
		}
		scalar := a.NDim() == 0
		if scalar {
			a, _ = a.Reshape(1) // which has one element, too
		}
		if err := memmap.Write(folder.Array(name), a, memmap.Options{}); err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		folder.Fields = append(folder.Fields, memmap.ContentsField{Name: name, Scalar: scalar})
		bar.Add(int64(a.NBytes()))
	}
	text, err := folder.Text()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(path, memmap.ContentsName), text, 0o600)
}

// newFolder makes a folder: first under a partial name, as writeNew does.
func newFolder(name string, force bool, fill func(folder string) error) error {
	partial := partialName(name)
	if err := os.Mkdir(partial, 0o700); err != nil {
		return err
	}
	err := fill(partial)
	if err == nil {
		err = publishFolder(partial, name, force)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(removeFolder(partial)))
	}
	return nil
}

// publishFolder gives a folder its name. One that is there already, which a rename
// does not replace, has its old name until then, and is put back if that fails.
func publishFolder(partial, name string, force bool) error {
	err := os.Rename(partial, name) // which replaces an empty folder only
	if err == nil {
		return nil
	}
	switch _, there := os.Lstat(name); {
	case errors.Is(there, fs.ErrNotExist):
		return err
	case !force:
		return exists(name)
	case !check.IsDir(name):
		return fmt.Errorf("%s is not a folder: %w", name, fs.ErrExist)
	}
	if err := foreign([]string{name}, false); err != nil {
		return err
	}
	old := partialName(name)
	if err := os.Rename(name, old); err != nil {
		return err
	}
	if err := os.Rename(partial, name); err != nil {
		return errors.Join(err, os.Rename(old, name))
	}
	return removeFolder(old)
}

// occupied reports files that convert would replace.
func occupied(out string) bool {
	names := []string{out}
	if kind, _ := dataset.KindOfName(out); kind == dataset.Memmap && filepath.Ext(out) != folderSuffix {
		names = nil
		for _, suffix := range dataset.ArraySuffixes {
			names = append(names, dataset.ArrayPath(out)+suffix)
		}
	}
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil {
			return true
		}
	}
	return false
}
