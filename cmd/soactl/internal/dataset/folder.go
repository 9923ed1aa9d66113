package dataset

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/soastore/soa/memmap"
)

// Folder is a folder of mapped arrays, as a store of soastore.NewMemmap has one for
// each rank, by its table of contents.
type Folder struct {
	Path string
	memmap.Contents
}

// IsFolder reports whether there is a folder that is to be one of mapped arrays: it
// has a table of contents, or its name ends in .memmap.
func IsFolder(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return false
	}
	_, err = os.Lstat(filepath.Join(name, memmap.ContentsName))
	return err == nil || filepath.Ext(filepath.Clean(name)) == "."+string(Memmap)
}

// ReadFolder reads the table of contents of a folder, not its arrays.
func ReadFolder(path string) (Folder, error) {
	folder := Folder{Path: path}
	name := filepath.Join(path, memmap.ContentsName)
	f, err := OpenFile(name, nil)
	if err != nil {
		return folder, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, memmap.MaxContents+1))
	if err != nil {
		return folder, err
	}
	if folder.Contents, err = memmap.ParseContents(text); err != nil {
		return folder, fmt.Errorf("%s: %w", name, err)
	}
	return folder, nil
}

// Array returns the path of the array of a field, as package memmap takes it.
func (f Folder) Array(field string) string { return memmap.FieldPath(f.Path, field) }
