package arena

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// damage is a slot that counts for nothing though it is not free.
type damage struct {
	slot
	err   error
	aside extent // not reused for it; none if it is not known where its value lies
}

// open reads what the file says.
func (a *Arena) open() error {
	if !a.opts.ReadOnly {
		if err := a.lock(); err != nil {
			return err
		}
	}
	size, err := a.file.Size()
	if err != nil {
		return err
	}
	if size < firstLen {
		return formatf("%d bytes, and an arena has %d at least", size, firstLen)
	}
	var first [page]byte
	if _, err := a.file.ReadAt(first[:], 0); err != nil {
		return err
	}
	if a.super, err = parseSuperblock(first[:]); err != nil {
		return err
	}
	used, err := a.scan(size)
	if err != nil {
		return err
	}
	return a.adopt(size, used)
}

// adopt takes over a file of size bytes in which the extents are used.
func (a *Arena) adopt(size int64, used []extent) error {
	size = size / page * page // no value ends within a page
	if !a.opts.ReadOnly {
		err := a.allocate(span{len: firstLen})
		if err == nil {
			err = a.file.Truncate(size)
		}
		if err == nil {
			err = a.dropStale()
		}
		if err != nil {
			return noSpace(err)
		}
	}
	if err := a.claim(size, used); err != nil {
		return err
	}
	return a.equip()
}

// scan reads all tables and the headers of all values, and returns the extents that
// are used, sorted.
func (a *Arena) scan(size int64) ([]extent, error) {
	found := []slot{{ext: extent{0, firstLen}, seq: math.MaxUint64, state: linked}}
	for i := 0; i < len(found); i++ {
		if found[i].state != linked {
			continue
		}
		for _, s := range found[:i] {
			if s.state == linked && s.ext.off < found[i].ext.end() && found[i].ext.off < s.ext.end() {
				return nil, formatf("the tables at %d and %d overlap", s.ext.off, found[i].ext.off)
			}
		}
		var err error
		if found, err = a.scanTable(found, found[i].ext, size); err != nil {
			return nil, err
		}
	}
	used := make([]extent, 0, len(found))
	for _, s := range a.disjoint(found) {
		if s.state != linked {
			kept, err := a.scanValue(&s)
			if err != nil {
				return nil, err
			}
			if !kept {
				continue
			}
		}
		used = append(used, s.ext)
	}
	for _, e := range a.keys {
		e.judge()
	}
	a.seq += 1 << 20 // more than were staged without ever getting a slot
	return used, nil
}

// scanTable reads the table in ext, and appends its slots that count to found. A
// damaged link is an error: what the next table has would be lost for ever.
func (a *Arena) scanTable(found []slot, ext extent, size int64) ([]slot, error) {
	p := make([]byte, ext.len)
	if _, err := a.file.ReadAt(p, ext.off); err != nil {
		return nil, err
	}
	first := max(ext.off, page)
	a.lastTab = first
	for at := ext.end() - slotLen; at >= first; at -= slotLen {
		s, whole := parseSlot(p[at-ext.off:], a.super.id, at)
		a.seq = max(a.seq, s.seq)
		link := at == first
		switch {
		case whole && s.state == free:
			if !link {
				a.slots = append(a.slots, at)
			}
		case whole && s.fits(size) && link == (s.state == linked):
			if link {
				s.seq = math.MaxUint64 // a table gives way to no value
			}
			found = append(found, s)
		case link:
			return nil, &Error{Op: "open", File: a.name, Offset: at, Err: fmt.Errorf("%w: link to the next table", ErrChecksum)}
		default:
			a.damaged = append(a.damaged, damage{slot: s, err: fmt.Errorf("%w: slot", ErrChecksum)})
		}
	}
	return found, nil
}

// disjoint returns the slots in the order of their extents, without those whose
// extents overlap a newer one's. Only a power failure leaves such, or damage.
func (a *Arena) disjoint(found []slot) []slot {
	slices.SortFunc(found, func(s, t slot) int { return cmp.Compare(s.ext.off, t.ext.off) })
	kept := make([]slot, 0, len(found))
	for _, s := range found {
		for n := len(kept); n > 0 && kept[n-1].ext.end() > s.ext.off && kept[n-1].seq < s.seq; n-- {
			a.stale(kept[n-1])
			kept = kept[:n-1]
		}
		if n := len(kept); n > 0 && kept[n-1].ext.end() > s.ext.off {
			a.stale(s)
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

func (a *Arena) stale(s slot) { a.damaged = append(a.damaged, damage{slot: s, err: errStale}) }

// dropStale frees the slots of values that were overwritten.
func (a *Arena) dropStale() error {
	kept := a.damaged[:0]
	for _, d := range a.damaged {
		if !errors.Is(d.err, errStale) {
			kept = append(kept, d)
			continue
		}
		if err := a.writeState(d.at, freeWord); err != nil {
			return err
		}
		a.slots = append(a.slots, d.at)
	}
	a.damaged = kept
	return nil
}

// scanValue reads the header of a value and takes it in. It reports whether its
// extent is used: that of a damaged one is, until Sweep.
func (a *Arena) scanValue(s *slot) (bool, error) {
	p := make([]byte, s.head)
	if _, err := a.file.ReadAt(p, s.ext.off); err != nil {
		return false, err
	}
	h, err := parseHeader(p, a.super.id, s.seq, s.size)
	switch {
	case errors.Is(err, errStale):
		a.stale(*s)
		return false, nil
	case err != nil:
		a.damaged = append(a.damaged, damage{slot: *s, err: err, aside: s.ext})
		return true, nil
	}
	v := &version{slot: *s, header: *h}
	e := a.keys[v.key]
	if e == nil {
		e = &entry{key: v.key}
		a.keys[v.key] = e
	}
	e.others = append(e.others, v)
	return true, nil
}
