package memmap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/soastore/soa"
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
func encodeInfo(in Info) []byte {
	var b strings.Builder
	if in.Sparse {
		fmt.Fprintf(&b, "data_dtype: %v\nindices_dtype: %v\nindptr_dtype: %v\nnnz: %d\n", in.DType, in.Indices, in.Indptr, in.NNZ)
	} else {
		fmt.Fprintf(&b, "dtype: %v\n", in.DType)
	}
	b.WriteString("shape:\n")
	for _, d := range in.Shape {
		fmt.Fprintf(&b, "- %d\n", d)
	}
	fmt.Fprintf(&b, "version:\n- %d\n- 0\n", majorVersion)
	return []byte(b.String())
}

// header is what YAML makes of the text. The nodes are checked by hand, since
// decoding into integers would round fractions and take null for 0.
type header struct {
	DType   string      `yaml:"dtype"`
	Data    string      `yaml:"data_dtype"`
	Indices string      `yaml:"indices_dtype"`
	Indptr  string      `yaml:"indptr_dtype"`
	NNZ     yaml.Node   `yaml:"nnz"`
	Shape   []yaml.Node `yaml:"shape"`
	Version []yaml.Node `yaml:"version"`
}

// decodeInfo is the inverse of encodeInfo. Its errors are *FormatErrors about the
// file path.
func decodeInfo(path string, text []byte) (Info, error) {
	wrong := func(field string, err error) (Info, error) {
		return Info{}, &FormatError{path, field, err}
	}
	minor, err := decodeVersion(text)
	if err != nil {
		return wrong("version", err)
	}
	var h header
	if err := decodeYAML(text, &h, minor == 0); err != nil {
		return wrong("", err)
	}
	in := Info{Sparse: h.DType == ""}
	if in.Shape, err = integers(h.Shape); err != nil {
		return wrong("shape", err)
	}
	if field, err := h.types(&in); err != nil {
		return wrong(field, err)
	}
	if field, err := in.check(); err != nil {
		return wrong(field, err)
	}
	return in, nil
}

// decodeVersion is called first, so that a file of another version is not called
// ill-formed for what that version has changed.
func decodeVersion(text []byte) (minor int, err error) {
	var h struct {
		Version []yaml.Node `yaml:"version"`
	}
	if err := decodeYAML(text, &h, false); err != nil {
		return 0, err
	}
	v, err := integers(h.Version)
	if err != nil {
		return 0, err
	}
	if len(v) != 2 || v[0] != majorVersion || v[1] < 0 {
		return 0, fmt.Errorf("this is %v, and this program reads [%d 0] and later minor versions", v, majorVersion)
	}
	return v[1], nil
}

// types sets the fields of in that depend on its kind.
func (h *header) types(in *Info) (field string, err error) {
	sparse := []struct {
		name, text string
		dtype      *soa.DType
	}{{"data_dtype", h.Data, &in.DType}, {"indices_dtype", h.Indices, &in.Indices}, {"indptr_dtype", h.Indptr, &in.Indptr}}
	if !in.Sparse {
		for _, s := range sparse {
			if s.text != "" {
				return s.name, errors.New("there is a dtype too: is the array dense or sparse?")
			}
		}
		if !h.NNZ.IsZero() {
			return "nnz", errors.New("there is a dtype too: is the array dense or sparse?")
		}
		return "dtype", parseDType(h.DType, &in.DType)
	}
	for _, s := range sparse {
		if err := parseDType(s.text, s.dtype); err != nil {
			return s.name, err
		}
	}
	in.NNZ, err = integer(h.NNZ)
	return "nnz", err
}

func parseDType(name string, to *soa.DType) error {
	d, ok := soa.ParseDType(name)
	if !ok {
		return fmt.Errorf("%w: %q is not the name of one", soa.ErrDType, name)
	}
	*to = d
	return nil
}

// decodeYAML decodes the one document that text is. If strict, a key that v has
// no field for is an error.
func decodeYAML(text []byte, v any, strict bool) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(strict)
	if err := d.Decode(v); err != nil {
		return err
	}
	if err := d.Decode(new(yaml.Node)); err != io.EOF {
		return errors.New("there is more than one YAML document")
	}
	return nil
}

func integers(nodes []yaml.Node) ([]int, error) {
	out := make([]int, len(nodes))
	for i, n := range nodes {
		var err error
		if out[i], err = integer(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func integer(n yaml.Node) (int, error) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" {
		return 0, fmt.Errorf("line %d: %q is not an integer", n.Line, n.Value)
	}
	var v int64
	if err := n.Decode(&v); err != nil {
		return 0, err
	}
	if v > math.MaxInt || v < math.MinInt {
		return 0, fmt.Errorf("line %d: %d is too large for this machine", n.Line, v)
	}
	return int(v), nil
}
