//go:build !linux

package fsys

// Alone cannot tell.
func (*osFile) Alone() (int64, bool, error) { return 0, false, nil }
