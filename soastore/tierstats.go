package soastore

import (
	"time"

	"github.com/soastore/soa/soastore/internal/tier"
)

// TierStats is what one rank holds in one tier, and has done there. Hits and misses
// count fields that were read; a miss went on to the next tier.
type TierStats struct {
	Name   string // "memory", "compressed" or "disk"
	Budget int64  // bytes; 0 for none

	Values int   // of which it has a field
	Fields int   // that it has
	Raw    int64 // bytes of their elements
	Stored int64 // bytes that they take there

	Hits, Misses int64
	Promotions   int64 // fields that came up to it
	Evictions    int64 // fields that left it for want of room, or by Evict

	BytesRead, BytesWritten int64
	Reading, Writing        time.Duration
}

// PathStats is what one rank has in one of TierOptions.Paths.
type PathStats struct {
	Path       string
	FileSystem string // as mount names it, for example "ext4" or "tmpfs"
	Limit      int64  // bytes; 0 for none
	Used       int64  // bytes
}

// Stats returns what this rank holds and has done; see Store.
func (t *Tiered) Stats() Stats {
	in := t.tiers.Stats()
	t.mu.RLock()
	st := t.stats
	st.Keys = len(t.catalog)
	t.mu.RUnlock()
	st.Memory = in.Memory.Stored + in.Compressed.Stored
	st.Bytes = in.Dirty + in.Disk.Raw
	st.Unwritten = in.Dirty
	st.Failures = in.Failures
	st.Budget = t.fit.source
	st.Tiers = []TierStats{tierStats("memory", t.opts.Memory, in.Memory)}
	if t.opts.Compressed > 0 {
		st.Tiers = append(st.Tiers, tierStats("compressed", t.opts.Compressed, in.Compressed))
	}
	if t.disks != nil {
		st.Tiers = append(st.Tiers, tierStats("disk", t.disks.limit, in.Disk))
		t.disks.count(&st)
	}
	return st
}

func tierStats(name string, budget int64, in tier.TierStats) TierStats {
	return TierStats{
		Name: name, Budget: budget,
		Values: in.Values, Fields: in.Columns, Raw: in.Raw, Stored: in.Stored,
		Hits: in.Hits, Misses: in.Misses, Promotions: in.Promotions, Evictions: in.Evictions,
		BytesRead: in.BytesRead, BytesWritten: in.BytesWritten, Reading: in.Reading, Writing: in.Writing,
	}
}

// count adds what the files take.
func (b *disks) count(st *Stats) {
	for _, k := range b.list {
		below := k.spill.Stats()
		st.Files += below.Files
		st.Disk += below.Disk
		st.Spare += below.Spare
		st.Leftover += below.Leftover
		st.Paths = append(st.Paths, PathStats{Path: k.Path.Path, FileSystem: k.spill.on.Name, Limit: k.Limit, Used: below.Disk})
	}
}
