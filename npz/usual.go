package npz

import "bytes"

// The text of a .npy header as NumPy and appendHeader write it, with the descr and
// the shape in between, and after it spaces and a newline.
const (
	usualDescr = "{'descr': '"
	usualShape = "', 'fortran_order': False, 'shape': "
	usualEnd   = ", }"
)

// parseUsual is parseAny for such a text, of a type that package soa has. It
// reports whether it is one: parseAny understands those too, but takes its time.
func parseUsual(text []byte, dims []int) (h header, ok bool) {
	text, ok = bytes.CutPrefix(text, []byte(usualDescr))
	descr, text, found := bytes.Cut(text, []byte(usualShape))
	if !ok || !found {
		return header{}, false
	}
	e, ok := elements[string(descr)]
	if !ok {
		return header{}, false
	}
	shape, text, ok := parseTuple(text, dims)
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\n') {
		text = text[:len(text)-1]
	}
	if !ok || string(text) != usualEnd {
		return header{}, false
	}
	return header{descr: e.descr, dtype: e.dtype, bigEndian: e.bigEndian, shape: shape}, true
}

// parseTuple undoes appendTuple, in the memory of dims if there is room, and returns
// what is after the tuple.
func parseTuple(text []byte, dims []int) (shape []int, rest []byte, ok bool) {
	end := bytes.IndexByte(text, ')') + 1
	shape, inside := dims[:0], false
	for _, c := range text[:end] {
		digit := c >= '0' && c <= '9'
		switch {
		case digit && inside:
			shape[len(shape)-1] = 10*shape[len(shape)-1] + int(c-'0')
		case digit && len(shape) == maxDims:
			return nil, nil, false
		case digit:
			shape = append(shape, int(c-'0'))
		}
		inside = digit
	}
	// What is not as it was written, too large for an int too, is not the same again.
	same := bytes.Equal(text[:end], appendTuple(make([]byte, 0, 64), shape))
	return shape, text[end:], same
}
