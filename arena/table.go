package arena

import "sync"

// addTable takes in the table that lies in ext, whose first slot is at first; all its
// other slots are free. The lock is held, or nobody else has the arena yet.
func (a *Arena) addTable(ext extent, first int64) {
	a.lastTab = first
	for at := ext.end() - slotLen; at > first; at -= slotLen {
		a.slots = append(a.slots, at)
	}
}

// takeSlot takes a free slot, of a new table if there is none.
func (a *Arena) takeSlot() (int64, error) {
	for {
		a.mu.Lock()
		if n := len(a.slots); n > 0 {
			at := a.slots[n-1]
			a.slots = a.slots[:n-1]
			a.mu.Unlock()
			return at, nil
		}
		last := a.lastTab
		a.mu.Unlock()
		if err := a.growTable(last); err != nil {
			return 0, err
		}
	}
}

// growTable appends a table of zeros after the one whose first slot is at last,
// unless another goroutine has done so.
func (a *Arena) growTable(last int64) error {
	a.growing.Lock()
	defer a.growing.Unlock()
	a.mu.Lock()
	done := a.lastTab != last
	a.seq++
	seq := a.seq
	a.mu.Unlock()
	if done {
		return nil
	}
	ext, err := a.alloc(tableLen)
	if err != nil {
		return err
	}
	link := slot{at: last, seq: seq, ext: ext, state: linked}
	err = a.write(make([]byte, tableLen), ext.off)
	if err == nil {
		err = a.sync() // the zeros before the link
	}
	if err == nil {
		if err = a.writeSlot(&link); err != nil && a.writeState(last, freeWord) != nil {
			return err // the link may be in the file, so nothing else may lie there
		}
	}
	if err != nil {
		a.free(ext)
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.addTable(ext, ext.off)
	return nil
}

// records are buffers for slots.
var records = sync.Pool{New: func() any { return new([slotLen]byte) }}

// writeSlot writes all of a slot, and fills in its sum.
func (a *Arena) writeSlot(s *slot) error {
	if m := a.window.slots(s.at + slotLen); m != nil {
		return m.Guard(func() error {
			var rec [slotLen]byte
			s.put(rec[:], a.super.id)
			copy(m.Data[s.at:s.at+stateAt], rec[:])
			storeWord(m.Data[s.at+stateAt:], native.Uint64(rec[stateAt:]))
			return nil
		})
	}
	rec := records.Get().(*[slotLen]byte)
	defer records.Put(rec)
	s.put(rec[:], a.super.id)
	return a.call(rec[:], s.at)
}

// writeState writes the state of the slot at that offset.
func (a *Arena) writeState(at int64, word uint64) error {
	if m := a.window.slots(at + slotLen); m != nil {
		return m.Guard(func() error { storeWord(m.Data[at+stateAt:], word); return nil })
	}
	rec := records.Get().(*[slotLen]byte)
	defer records.Put(rec)
	native.PutUint64(rec[:], word)
	return a.call(rec[:8], at+stateAt)
}
