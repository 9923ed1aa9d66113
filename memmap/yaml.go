package memmap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
	"go.yaml.in/yaml/v3"
)

// NAME.yaml is text, written exactly so (keys sorted, one space, no indent):
//
//	dense                    sparse
//
//	dtype: float32           data_dtype: float32
//	shape:                   indices_dtype: int32
//	- 100                    indptr_dtype: int32
//	- 3                      nnz: 5
//	version:                 shape:
//	- 1                      - 6
//	- 0                      - 9
//	                         version:
//	                         - 1
//	                         - 0
//
// Types are NumPy's names. A reader takes any YAML that says the same. Another
// major version is refused; a higher minor version may have more keys.
//
// Source: the format of daf 0.1 and later (memory_mapping.py).
const majorVersion = 1

// maxYAML is more than any description needs, and little enough to parse
// whatever it is.
const maxYAML = 4096

// encodeInfo returns the text of NAME.yaml.
func encodeInfo(in Info) []byte { return appendInfo(nil, in) }

// appendInfo appends the text of NAME.yaml to b.
func appendInfo(b []byte, in Info) []byte {
	if in.Sparse {
		b = fmt.Appendf(b, "data_dtype: %v\nindices_dtype: %v\nindptr_dtype: %v\nnnz: %d\n", in.DType, in.Indices, in.Indptr, in.NNZ)
	} else {
		b = append(append(append(b, "dtype: "...), in.DType.String()...), '\n')
	}
	b = append(b, "shape:\n"...)
	for _, d := range in.Shape {
		b = appendItem(b, d)
	}
	b = append(b, "version:\n"...)
	return appendItem(appendItem(b, majorVersion), 0)
}

func appendItem(b []byte, n int) []byte {
	return append(strconv.AppendInt(append(b, "- "...), int64(n), 10), '\n')
}

// The keys of each kind of array.
var (
	denseKeys  = []string{"dtype", "shape", "version"}
	sparseKeys = []string{"data_dtype", "indices_dtype", "indptr_dtype", "nnz", "shape", "version"}
)

// decodeInfo is the inverse of encodeInfo. Its errors are *FormatErrors about the
// file path. The shape is in the memory of shape if that is large enough.
func decodeInfo(path fsys.Path, text []byte, shape []int) (Info, error) {
	if in, ok := plainInfo(text, shape); ok {
		return in, nil
	}
	in, field, err := decode(text)
	if err != nil {
		return Info{}, &FormatError{path.String(), field, err}
	}
	return in, nil
}

// plainInfo is decodeInfo of what encodeInfo writes of a dense array, and nothing else:
// the YAML package takes longer than opening the files does.
func plainInfo(text []byte, shape []int) (in Info, ok bool) {
	name, rest, _ := bytes.Cut(bytes.TrimPrefix(text, []byte("dtype: ")), []byte("\n"))
	in.DType, _ = soa.ParseDType(string(name))
	rest = bytes.TrimPrefix(rest, []byte("shape:\n"))
	in.Shape = shape[:0]
	for len(in.Shape) < maxDims && bytes.HasPrefix(rest, []byte("- ")) {
		var text []byte
		text, rest, _ = bytes.Cut(rest[2:], []byte("\n"))
		extent, _ := strconv.Atoi(string(text))
		in.Shape = append(in.Shape, extent)
	}
	if _, err := in.check(); err != nil {
		return Info{}, false
	}
	return in, bytes.Equal(appendInfo(make([]byte, 0, 256), in), text)
}

// decode looks at the version first, so that a file of another version is not
// called ill-formed for what that version has changed.
func decode(text []byte) (in Info, field string, err error) {
	f, err := parse(text)
	if err != nil {
		return in, "", err
	}
	minor, err := f.version()
	if err != nil {
		return in, "version", err
	}
	keys := sparseKeys
	if f["dtype"] != nil {
		keys = denseKeys
	}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if minor == 0 && !slices.Contains(keys, key) {
			return in, key, fmt.Errorf("there is no such field beside %q", keys)
		}
	}
	for _, key := range keys {
		if err := f.set(&in, key); err != nil {
			return in, key, err
		}
	}
	field, err = in.check()
	return in, field, err
}

// fields are the values of a YAML mapping. They are taken apart by hand, since
// decoding into integers would round fractions and take null for 0.
type fields map[string]*yaml.Node

// parse returns the fields of the one document that text is.
func parse(text []byte) (fields, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if err := d.Decode(new(yaml.Node)); err != io.EOF {
		return nil, errors.New("there is more than one YAML document")
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, errors.New("it is no mapping of fields to values")
	}
	f := make(fields)
	for pair := range slices.Chunk(top.Content, 2) {
		key := pair[0].Value
		if f[key] != nil {
			return nil, fmt.Errorf("line %d: there are two fields %q", pair[0].Line, key)
		}
		f[key] = pair[1]
	}
	return f, nil
}

func (f fields) version() (minor int, err error) {
	v, err := integers(f["version"])
	if err != nil {
		return 0, err
	}
	if len(v) != 2 || v[0] != majorVersion || v[1] < 0 {
		return 0, fmt.Errorf("this is %v, and this program reads [%d 0] and later minor versions", v, majorVersion)
	}
	return v[1], nil
}

// set puts the field key into in.
func (f fields) set(in *Info, key string) (err error) {
	switch key {
	case "dtype":
		in.DType, err = dtype(f[key])
	case "data_dtype":
		in.Sparse = true
		in.DType, err = dtype(f[key])
	case "indices_dtype":
		in.Indices, err = dtype(f[key])
	case "indptr_dtype":
		in.Indptr, err = dtype(f[key])
	case "shape":
		in.Shape, err = integers(f[key])
	case "nnz":
		in.NNZ, err = integer(f[key])
	}
	return err
}

var errMissing = errors.New("it is missing")

func dtype(n *yaml.Node) (soa.DType, error) {
	if n == nil {
		return soa.Invalid, errMissing
	}
	d, ok := soa.ParseDType(n.Value)
	if !ok || n.Kind != yaml.ScalarNode {
		return soa.Invalid, fmt.Errorf("line %d: %w: %q is not the name of one", n.Line, soa.ErrDType, n.Value)
	}
	return d, nil
}

func integers(n *yaml.Node) ([]int, error) {
	if n == nil {
		return nil, errMissing
	}
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: it is not a list of integers", n.Line)
	}
	out := make([]int, len(n.Content))
	for i, c := range n.Content {
		var err error
		if out[i], err = integer(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func integer(n *yaml.Node) (v int, err error) {
	if n == nil {
		return 0, errMissing
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" {
		return 0, fmt.Errorf("line %d: %q is not an integer", n.Line, n.Value)
	}
	err = n.Decode(&v)
	return v, err
}
