package main

import "fmt"

// ratio is how many times smaller something is stored than it is.
type ratio struct{ plain, stored int64 }

func (r ratio) plus(plain, stored int64) ratio { return ratio{r.plain + plain, r.stored + stored} }

// String returns the ratio with two decimals, "-" of nothing.
func (r ratio) String() string {
	if r.stored == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(r.plain)/float64(r.stored))
}

// MarshalJSON returns what String does, as a number, null for nothing.
func (r ratio) MarshalJSON() ([]byte, error) {
	if r.stored == 0 {
		return []byte("null"), nil
	}
	return []byte(r.String()), nil
}
