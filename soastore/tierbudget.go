package soastore

import (
	"fmt"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/memlimit"
)

// fit is a memory budget and how it was come by.
type fit struct {
	memory int64
	source string
}

// budget fills in the budgets that the options leave open. Of the memory that is
// found for this rank, files on a tmpfs get what Memory leaves: they are memory too.
func (t *Tiered) budget(ranksOnNode int) error {
	t.fit = fit{t.opts.Memory, "TierOptions.Memory"}
	inMemory := t.filesInMemory()
	if t.opts.Memory > 0 && !(inMemory && t.opts.Disk == 0) {
		return nil
	}
	found, err := memlimit.Find(ranksOnNode)
	if err != nil {
		if t.opts.Memory > 0 {
			return nil
		}
		return fmt.Errorf("%w: Memory is 0, and how much there is cannot be found: %w", ErrOptions, err)
	}
	if t.opts.Memory == 0 {
		t.opts.Memory = max(1, found.Bytes-t.opts.Compressed)
		if inMemory {
			t.opts.Memory = max(1, t.opts.Memory/2)
		}
		t.fit = fit{t.opts.Memory, fmt.Sprintf("%s, %d ranks on the node", found.Source, ranksOnNode)}
	}
	if inMemory && t.opts.Disk == 0 {
		t.disks.limit = max(1, found.Bytes-t.opts.Memory-t.opts.Compressed)
	}
	return nil
}

// filesInMemory reports whether some files are in memory.
func (t *Tiered) filesInMemory() bool {
	if t.disks == nil {
		return false
	}
	for _, k := range t.disks.list {
		if k.spill.on.Kind == fsys.Memory {
			return true
		}
	}
	return false
}
