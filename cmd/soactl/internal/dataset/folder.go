package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Folder is a folder of mapped arrays, as a store of soastore.NewMemmap has one for
// each rank. Beside the arrays it has a file contents.json:
//
//	{"set": "soa set ...",            which Set wrote the folder
//	 "fields": [
//	   {"name": "x"},                 in the files x.array and x.yaml
//	   {"name": "t", "scalar": true}  of no dimensions; the array has one of extent 1
//	]}
//
// In the names of files every byte of a field's name outside [A-Za-z0-9._-], and a
// leading dot, is %XX.
type Folder struct {
	Path   string        `json:"-"`
	Set    string        `json:"set"`
	Fields []FolderField `json:"fields"`
}

// FolderField is an entry of the file contents.json.
type FolderField struct {
	Name   string `json:"name"`
	Scalar bool   `json:"scalar,omitempty"`
}

// ContentsName is the name of a folder's table of contents.
const ContentsName = "contents.json"

const maxContents = 16 << 20 // bytes; more is no table of contents

// ErrContents is the kind of error of a table of contents that is not one.
var ErrContents = errors.New("not a table of contents")

// IsFolder reports whether there is a folder that is to be one of mapped arrays: it
// has a table of contents, or its name ends in .memmap.
func IsFolder(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return false
	}
	_, err = os.Lstat(filepath.Join(name, ContentsName))
	return err == nil || filepath.Ext(filepath.Clean(name)) == "."+string(Memmap)
}

// ReadFolder reads the table of contents of a folder, not its arrays.
func ReadFolder(path string) (Folder, error) {
	folder := Folder{Path: path}
	name := filepath.Join(path, ContentsName)
	f, err := OpenFile(name, nil)
	if err != nil {
		return folder, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxContents+1))
	switch {
	case err != nil:
		return folder, err
	case len(text) > maxContents:
		err = fmt.Errorf("more than %d bytes", maxContents)
	default:
		err = json.Unmarshal(text, &folder)
	}
	if err == nil {
		err = folder.check()
	}
	if err != nil {
		return folder, fmt.Errorf("%s: %w: %w", name, ErrContents, err)
	}
	return folder, nil
}

// check reports fields that there cannot be.
func (f Folder) check() error {
	seen := map[string]bool{}
	for _, field := range f.Fields {
		if field.Name == "" || seen[field.Name] {
			return fmt.Errorf("field %q is there twice, or has no name", field.Name)
		}
		seen[field.Name] = true
	}
	return nil
}

// Array returns the path of the array of a field, as package memmap takes it.
func (f Folder) Array(field string) string { return filepath.Join(f.Path, encodeField(field)) }

// Text returns the text of the table of contents.
func (f Folder) Text() ([]byte, error) { return json.Marshal(f) }

// encodeField returns the name that the files of a field begin with.
func encodeField(name string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; strings.IndexByte(plain, c) >= 0 && (i > 0 || c != '.') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
