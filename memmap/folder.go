package memmap

import (
	"encoding/json"
	"fmt"
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
func ParseContents(text []byte) (c Contents, err error) {
	err = c.parse(text, make(map[string]bool))
	return c, err
}

// parse makes c what text is, in the memory that it has, and puts into scalar, which is
// empty, which fields there are, and whether they are scalars.
func (c *Contents) parse(text []byte, scalar map[string]bool) error {
	if len(text) > MaxContents {
		return fmt.Errorf("memmap: table of contents: %w: more than %d bytes", ErrFormat, MaxContents)
	}
	if err := c.decode(text); err != nil {
		return fmt.Errorf("memmap: table of contents: %w: %w", ErrFormat, err)
	}
	for _, f := range c.Fields {
		if _, twice := scalar[f.Name]; twice || f.Name == "" {
			return fmt.Errorf("memmap: table of contents: %w: field %q is there twice, or has no name", ErrFormat, f.Name)
		}
		scalar[f.Name] = f.Scalar
	}
	return nil
}

func (c *Contents) decode(text []byte) error {
	if c.decodePlain(string(text)) {
		return nil
	}
	*c = Contents{}
	return json.Unmarshal(text, c)
}

// decodePlain is decode of what Text writes if no string needs an escape, and nothing
// else: package json takes longer than opening and reading the file.
func (c *Contents) decodePlain(text string) (ok bool) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }) {
		return false
	}
	c.Set, text, ok = cutPlain(text, `{"set":"`)
	if !ok {
		return false
	}
	if text, ok = strings.CutPrefix(text, `,"fields":[`); !ok {
		return false
	}
	if c.Fields = c.Fields[:0]; c.Fields == nil {
		c.Fields = make([]ContentsField, 0, strings.Count(text, `{"name":"`))
	}
	for text != "]}" {
		var f ContentsField
		if len(c.Fields) > 0 {
			text, ok = strings.CutPrefix(text, ",")
		}
		if ok {
			f.Name, text, ok = cutPlain(text, `{"name":"`)
		}
		if ok {
			text, f.Scalar = strings.CutPrefix(text, `,"scalar":true`)
			text, ok = strings.CutPrefix(text, "}")
		}
		if !ok {
			return false
		}
		c.Fields = append(c.Fields, f)
	}
	return true
}

// cutPlain returns the string that text has behind start, and what is behind that and
// its quotation mark.
func cutPlain(text, start string) (s, rest string, ok bool) {
	if text, ok = strings.CutPrefix(text, start); !ok {
		return "", "", false
	}
	return strings.Cut(text, `"`)
}

// Text returns the text of the table of contents.
func (c Contents) Text() ([]byte, error) { return c.appendText(nil) }

// appendText appends the text of the table of contents to b: what package json makes of
// it, which is asked only if there is no field, or a string may need an escape.
func (c Contents) appendText(b []byte) ([]byte, error) {
	if c.isPlain() {
		return c.appendPlain(b), nil
	}
	text, err := json.Marshal(c)
	return append(b, text...), err
}

func (c Contents) isPlain() bool {
	for _, f := range c.Fields {
		if !isPlain(f.Name) {
			return false
		}
	}
	return len(c.Fields) > 0 && isPlain(c.Set)
}

// isPlain reports whether s is without anything that package json may escape.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r > '~' || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
	})
}

// appendPlain is appendText if no string needs an escape.
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

// FieldPath returns the path of the array of a field in a folder, for [Open] and
// the other functions of this package.
func FieldPath(folder, field string) string { return fieldPath(folder, field).String() }

func fieldPath(folder, field string) fsys.Path {
	return fsys.Path{Folder: folder, Stem: fsys.EncodeName(field)}
}
