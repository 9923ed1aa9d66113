package npz

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// suffix is what NumPy adds to a field's name to name its member.
const suffix = ".npy"

// checkName returns an ErrName for a field name that may not be in a file. What
// may: any UTF-8, "a/b" too. What may not: what other programs would cut or
// decode differently (an empty name, NUL, invalid UTF-8, more than a zip
// archive's 65,535 bytes), and what would lead out of the folder that a program
// unpacks the archive into ("/x", "../x", `..\x`).
func checkName(field string) error {
	why := ""
	switch {
	case field == "":
		why = "is empty"
	case len(field)+len(suffix) > 1<<16-1:
		why = "is longer than 65531 bytes"
	case !utf8.ValidString(field):
		why = "is not UTF-8"
	case strings.ContainsRune(field, 0):
		why = "contains a NUL"
	case field[0] == '/' || field[0] == '\\':
		why = "begins with a slash"
	case leadsUp(field):
		why = `contains the folder ".."`
	default:
		return nil
	}
	return fmt.Errorf("%w: it %s", ErrName, why)
}

// leadsUp reports whether one of the folders in a name is the one above.
func leadsUp(name string) bool {
	if !strings.Contains(name, "..") {
		return false
	}
	folders := strings.FieldsFunc(name, func(c rune) bool { return c == '/' || c == '\\' })
	return slices.Contains(folders, "..")
}

// fieldOf returns the field that a member holds, as NumPy names it.
func fieldOf(member string) string { return strings.TrimSuffix(member, suffix) }

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) < 0
}
