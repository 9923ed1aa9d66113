package fsys

import (
	"fmt"
	"strconv"
	"strings"
)

// EncodeName makes any string a file name, or a part of one: it writes every byte
// outside [A-Za-z0-9._-], and a leading dot, as %XX, so that no string names another
// folder or a hidden file. Different strings have different names.
func EncodeName(s string) string {
	i := 0
	for i < len(s) && stays(s, i) {
		i++
	}
	if i == len(s) { // as most do, and then nothing is allocated
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if stays(s, i) {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

// stays reports whether byte i of s is written as it is.
func stays(s string, i int) bool {
	c := s[i]
	if i == 0 && c == '.' {
		return false
	}
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

// DecodeName is the inverse of EncodeName; ok is false for what EncodeName does not
// write.
func DecodeName(name string) (s string, ok bool) {
	if EncodeName(name) == name { // as most do, and then nothing is allocated
		return name, true
	}
	var b []byte
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			b = append(b, name[i])
			continue
		}
		if i+2 >= len(name) {
			return "", false
		}
		c, err := strconv.ParseUint(name[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b = append(b, byte(c))
		i += 2
	}
	s = string(b)
	return s, EncodeName(s) == name
}
