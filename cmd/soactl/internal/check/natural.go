package check

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

var number = regexp.MustCompile(`[0-9]+`)

// natural returns what to compare instead of a key so that step_9 comes before
// step_10: its numbers without leading zeros, and with their lengths before them.
func natural(key string) string {
	return number.ReplaceAllStringFunc(key, func(digits string) string {
		digits = strings.TrimLeft(digits, "0")
		return "0" + string(rune(len(digits))) + digits
	})
}

// byName compares keys as people sort them.
func byName(a, b string) int { return cmp.Or(cmp.Compare(natural(a), natural(b)), cmp.Compare(a, b)) }

// Sort sorts reports as people sort their names.
func Sort(reports []Report) {
	slices.SortStableFunc(reports, func(a, b Report) int { return byName(a.Name, b.Name) })
}
