package memmap

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

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
func ParseContents(text []byte) (Contents, error) {
	c, _, err := parseContents(text)
	return c, err
}

// parseContents also returns which fields there are, and whether they are scalars.
func parseContents(text []byte) (c Contents, scalar map[string]bool, err error) {
	if len(text) > MaxContents {
		return c, nil, fmt.Errorf("memmap: table of contents: %w: more than %d bytes", ErrFormat, MaxContents)
	}
	if c, err = decodeContents(text); err != nil {
		return c, nil, fmt.Errorf("memmap: table of contents: %w: %w", ErrFormat, err)
	}
	scalar = make(map[string]bool, len(c.Fields))
	for _, f := range c.Fields {
		if _, twice := scalar[f.Name]; twice || f.Name == "" {
			return c, nil, fmt.Errorf("memmap: table of contents: %w: field %q is there twice, or has no name", ErrFormat, f.Name)
		}
		scalar[f.Name] = f.Scalar
	}
	return c, scalar, nil
}

func decodeContents(text []byte) (Contents, error) {
	if c, ok := plainContents(string(text)); ok {
		return c, nil
	}
	var c Contents
	err := json.Unmarshal(text, &c)
	return c, err
}

// plainContents is decodeContents of what Text writes if no string needs an escape, and
// nothing else: package json takes longer than opening and reading the file.
func plainContents(text string) (c Contents, ok bool) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }) {
		return c, false
	}
	var rest string
	c.Set, rest, _ = strings.Cut(strings.TrimPrefix(text, `{"set":"`), `"`)
	c.Fields = make([]ContentsField, 0, strings.Count(rest, `{"name":"`))
	for range cap(c.Fields) {
		var f ContentsField
		_, rest, _ = strings.Cut(rest, `{"name":"`)
		f.Name, rest, _ = strings.Cut(rest, `"`)
		f.Scalar = strings.HasPrefix(rest, `,"scalar":true`)
		c.Fields = append(c.Fields, f)
	}
	return c, string(c.appendPlain(make([]byte, 0, len(text)))) == text
}

// appendPlain appends to b what Text writes if no string needs an escape.
func (c Contents) appendPlain(b []byte) []byte {
	b = append(append(append(b, `{"set":"`...), c.Set...), `","fields":[`...)
	for i, f := range c.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"name":"`...), f.Name...), '"')
		if f.Scalar {
			b = append(b, `,"scalar":true`...)
		}
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// Text returns the text of the table of contents.
func (c Contents) Text() ([]byte, error) { return json.Marshal(c) }

// FieldPath returns the path of the array of a field in a folder, for [Open] and
// the other functions of this package.
func FieldPath(folder, field string) string {
	return filepath.Join(folder, fsys.EncodeName(field))
}
