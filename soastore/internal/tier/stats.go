package tier

import "time"

// TierStats is what one tier holds and has done. Hits and misses count columns that
// were read.
type TierStats struct {
	Values  int   // of which it has a column
	Columns int   // that it has
	Raw     int64 // bytes of their elements
	Stored  int64 // bytes that they take there

	Hits       int64 // reads that it served
	Misses     int64 // reads that came to it and went on to the next
	Promotions int64 // columns that came up to it
	Evictions  int64 // columns that it gave up for want of room, or to Evict

	BytesRead    int64 // bytes of elements
	BytesWritten int64 // bytes of elements; packed ones as packed
	Reading      time.Duration
	Writing      time.Duration
}

// Stats is what Tiers hold and have done. The time in raw memory is not measured.
type Stats struct {
	Memory, Compressed, Disk TierStats

	Dirty      int64 // bytes of elements that are not below
	DirtyCount int   // values that are not below
	Consumed   int   // values whose last planned read has been made
	Failures   int64 // writes below, and reads ahead, that failed
	Failure    error // the latest
}

// Stats returns what there is, and has been done so far. It takes no time to speak
// of.
func (t *Tiers) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Stats{
		Memory: t.raw.counts(), Compressed: t.packed.counts(), Disk: t.disk,
		Dirty: t.dirtyBytes, DirtyCount: t.dirty.Len(), Consumed: len(t.consumed),
		Failures: t.failures, Failure: t.failure,
	}
}

func (p *pool) counts() TierStats {
	s := p.stats
	s.Stored = p.held
	return s
}

func (t *Tiers) count(fn func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fn()
}

// failed counts a failure. The caller holds mu.
func (t *Tiers) failed(err error) {
	t.failures++
	t.failure = err
}

// hit counts a read of c where it is. The caller holds mu.
func (t *Tiers) hit(c *column) {
	switch c.in {
	case t.raw:
		t.raw.stats.Hits++
		t.raw.stats.BytesRead += c.bytes
	case t.packed:
		t.raw.stats.Misses++
		t.packed.stats.Hits++
	default:
		t.raw.stats.Misses++
		t.packed.stats.Misses++
		t.disk.Hits++
	}
}

func (s *TierStats) read(bytes int64, took time.Duration) {
	s.BytesRead += bytes
	s.Reading += took
}

func (s *TierStats) wrote(bytes int64, took time.Duration) {
	s.BytesWritten += bytes
	s.Writing += took
}

// add counts v below, n times.
func (s *TierStats) add(v *value, n int) {
	s.Values += n
	s.Columns += n * v.there.columns
	s.Raw += int64(n) * v.there.raw
	s.Stored += int64(n) * v.there.disk
}
