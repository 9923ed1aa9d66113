package render

import (
	"encoding/json"
	"io"

	"github.com/soastore/soa"
)

// Document writes v as a JSON document, indented.
func Document(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Real is a number that is written as elements are, NaN and infinities too.
type Real float64

// String returns the number's text.
func (r Real) String() string { return string(appendFloat64(nil, float64(r))) }

// MarshalJSON returns the number, or a string if it is none.
func (r Real) MarshalJSON() ([]byte, error) {
	return JSON(soa.Of([]float64{float64(r)}))(nil, 0), nil
}

// Element is one value: an array of one element, or an empty one for none.
type Element struct{ soa.Array }

// String returns the element's text, "-" for none.
func (e Element) String() string {
	if e.Len() == 0 {
		return "-"
	}
	return string(Text(e.Array)(nil, 0))
}

// MarshalJSON returns the element, null for none.
func (e Element) MarshalJSON() ([]byte, error) {
	if e.Len() == 0 {
		return []byte("null"), nil
	}
	return JSON(e.Array)(nil, 0), nil
}
