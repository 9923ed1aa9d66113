//go:build !linux

package fsys

// Alone cannot tell.
func (osFile) Alone() (bool, error) { return false, nil }
