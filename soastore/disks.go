package soastore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/soastore/soa"
)

// disks are the files below the tiers of one rank: a store for each path, which this
// rank has to itself. A nil *disks has none.
type disks struct {
	list  []*disk
	limit int64 // bytes in all; 0 for none

	mu    sync.Mutex
	where map[string]*disk
}

// disk is one path.
type disk struct {
	Path
	spill *Spill

	// Guarded by disks.mu:
	used    int64 // bytes of its values
	pending int64 // bytes at most of writes under way
}

// fileHead is more than a file has beside its elements and for each field.
const fileHead = 8 << 10

// check reports what the stores below could not take, before it is too late.
func (b *disks) check(id string, d *soa.Dict) error {
	if b == nil {
		return nil
	}
	for _, k := range b.list {
		if err := k.spill.check(id, d); err != nil {
			return err
		}
	}
	return nil
}

// Put writes a value where the first path has room.
func (b *disks) Put(ctx context.Context, id string, d *soa.Dict) (int64, error) {
	need := int64(d.NBytes()) + int64(d.Len()+1)*fileHead
	var reasons []error
	for _, k := range b.list {
		err := b.reserve(k, need)
		if err == nil {
			err = k.spill.SetContext(ctx, id, d)
			size := k.spill.sizeOf(id)
			b.settle(k, id, need, size, err == nil)
			if err == nil {
				return size, nil
			}
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", k.Path.Path, ofBelow(err)))
	}
	return 0, errors.Join(reasons...)
}

// reserve sets room on k aside, or says that its budget is used up.
func (b *disks) reserve(k *disk, need int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case k.Limit > 0 && k.used+k.pending+need > k.Limit:
		return fmt.Errorf("%w: %d of %d bytes are used, and %d needed", ErrNoSpace, k.used+k.pending, k.Limit, need)
	case b.limit > 0 && b.taken()+need > b.limit:
		return fmt.Errorf("%w: in all paths %d of %d bytes are used, and %d needed", ErrNoSpace, b.taken(), b.limit, need)
	}
	k.pending += need
	return nil
}

// taken returns the bytes that all files take, and those under way. A single arena
// keeps to the limit itself; of several it counts what they have beside the values
// too. The caller holds mu.
func (b *disks) taken() (sum int64) {
	for _, k := range b.list {
		used := k.used
		if len(b.list) > 1 {
			used = max(used, k.spill.arenaBytes())
		}
		sum += used + k.pending
	}
	return sum
}

// arenaBytes returns the bytes that are in use in the store's arena, 0 if it has none.
func (s *Spill) arenaBytes() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0
	}
	used, _, _ := s.format.usage()
	return used
}

// settle makes of what was reserved what was used.
func (b *disks) settle(k *disk, id string, reserved, size int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k.pending -= reserved
	if ok {
		b.where[id] = k
		k.used += size
	}
}

// adopt takes in a value that is there.
func (b *disks) adopt(k *disk, id string, size int64) {
	b.settle(k, id, 0, size, true)
}

func (b *disks) find(id string) (*Spill, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k := b.where[id]; k != nil {
		return k.spill, nil
	}
	return nil, ErrNotFound
}

// Read reads the named fields.
func (b *disks) Read(ctx context.Context, id string, into *soa.Dict, names []string) error {
	s, err := b.find(id)
	if err != nil {
		return err
	}
	return ofBelow(s.readInto(ctx, id, into, names))
}

// View calls fn with the named fields.
func (b *disks) View(ctx context.Context, id string, names []string, fn func(*soa.Dict) error) error {
	s, err := b.find(id)
	if err != nil {
		return err
	}
	return ofBelow(s.ViewContext(ctx, id, names, fn))
}

// Delete removes a value.
func (b *disks) Delete(id string) error {
	if b == nil {
		return nil
	}
	s, err := b.find(id)
	if err != nil {
		return err
	}
	size := s.sizeOf(id)
	if err = s.Remove(id); err == nil {
		b.forget(id, size)
	}
	return err
}

func (b *disks) forget(id string, size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k := b.where[id]; k != nil {
		k.used -= size
		delete(b.where, id)
	}
}

func (b *disks) close() (err error) {
	if b == nil {
		return nil
	}
	for _, k := range b.list {
		err = errors.Join(err, k.spill.Close())
	}
	return err
}
