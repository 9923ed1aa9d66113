package main

import (
	"strconv"
	"strings"
)

// rowRange selects rows as a Python slice without a step does: A:B, with either
// left out, negative ones counted from the end, and all of them clipped to what
// there is. A single number selects one row.
type rowRange struct {
	lo, hi   int
	from, to bool // lo and hi are given
}

func parseRows(s string) (rowRange, error) {
	lo, hi, ok := strings.Cut(s, ":")
	var r rowRange
	var err error
	if lo != "" {
		r.from = true
		if r.lo, err = strconv.Atoi(lo); err != nil {
			return r, usagef("--rows %q: %q is no number", s, lo)
		}
	}
	switch {
	case !ok && lo == "":
		return r, usagef("--rows is empty; give A:B")
	case !ok:
		r.hi, r.to = r.lo+1, r.lo != -1
	case hi != "":
		r.to = true
		if r.hi, err = strconv.Atoi(hi); err != nil {
			return r, usagef("--rows %q: %q is no number", s, hi)
		}
	}
	return r, nil
}

// of returns the selected rows of n, from lo up to, not including, hi.
func (r rowRange) of(n int) (lo, hi int) {
	hi = n
	if r.from {
		lo = clip(r.lo, n)
	}
	if r.to {
		hi = clip(r.hi, n)
	}
	return lo, max(lo, hi)
}

func clip(i, n int) int {
	if i < 0 {
		i += n
	}
	return min(max(i, 0), n)
}
