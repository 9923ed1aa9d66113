//go:build !linux

package fsys

// Populate does nothing: pages become writable at their first touch.
func (m *Mapping) Populate(_, _ int64) {}
