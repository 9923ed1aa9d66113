package memmap

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/soastore/soa/internal/fsys"
)

// A folder of arrays holds several that belong together, such as the fields of one
// value of a soastore store, each with the files of package memmap. Beside them its
// table of contents, the file contents.json, gives them an order and their names:
//
//	{"set": "soa set ...",            which change of the value wrote the folder
//	 "fields": [
//	   {"name": "x"},                 in the files x.array and x.yaml
//	   {"name": "t", "scalar": true}  of no dimensions; the array has one of extent 1
//	]}
//
// In the names of files every byte of a field's name outside [A-Za-z0-9._-], and a
// leading dot, is %XX.

// Contents is the table of contents of a folder of arrays.
type Contents struct {
	Set    string          `json:"set"`
	Fields []ContentsField `json:"fields"`
}

// ContentsField is an entry of a table of contents.
type ContentsField struct {
	Name   string `json:"name"`
	Scalar bool   `json:"scalar,omitempty"`
}

const (
	// ContentsName is the name of the table of contents in its folder.
	ContentsName = "contents.json"
	// MaxContents is the most bytes that one has.
	MaxContents = 16 << 20
)

// ParseContents returns the table of contents that text is. The error is an
// ErrFormat: also if a name is there twice, or empty.
func ParseContents(text []byte) (c Contents, err error) {
	if len(text) > MaxContents {
		return c, fmt.Errorf("memmap: table of contents: %w: more than %d bytes", ErrFormat, MaxContents)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("memmap: table of contents: %w: %w", ErrFormat, err)
	}
	seen := map[string]bool{}
	for _, f := range c.Fields {
		if f.Name == "" || seen[f.Name] {
			return c, fmt.Errorf("memmap: table of contents: %w: field %q is there twice, or has no name", ErrFormat, f.Name)
		}
		seen[f.Name] = true
	}
	return c, nil
}

// Text returns the text of the table of contents.
func (c Contents) Text() ([]byte, error) { return json.Marshal(c) }

// FieldPath returns the path of the array of a field in a folder, for [Open] and
// the other functions of this package.
func FieldPath(folder, field string) string {
	return filepath.Join(folder, fsys.EncodeName(field))
}
