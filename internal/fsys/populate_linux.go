package fsys

import "golang.org/x/sys/unix"

// Populate makes the pages of m.Data[off:off+n] writable at once, which is faster
// than at the first touch of each. off and n are multiples of the page size. What
// it cannot do, it leaves to the first touch.
func (m *Mapping) Populate(off, n int64) {
	_ = unix.Madvise(m.Data[off:off+n], unix.MADV_POPULATE_WRITE)
}
