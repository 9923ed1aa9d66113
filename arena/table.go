package arena

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
	var rec [slotLen]byte
	link.put(rec[:], a.super.id)
	err = a.write(make([]byte, tableLen), ext.off)
	if err == nil {
		err = a.sync() // the zeros before the link
	}
	if err == nil {
		if err = a.writeSlot(last, rec[:]); err != nil {
			clear(rec[stateAt:])
			if a.writeState(last, rec[:]) != nil {
				return err // the link may be in the file, so nothing else may lie there
			}
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

// writeSlot writes all of a slot.
func (a *Arena) writeSlot(at int64, rec []byte) error {
	if m := a.window.slots(at + slotLen); m != nil {
		return storeSlot(m, at, rec)
	}
	return a.write(rec[:slotLen], at)
}

// writeState writes the state of a slot out of rec.
func (a *Arena) writeState(at int64, rec []byte) error {
	if m := a.window.slots(at + slotLen); m != nil {
		return m.Guard(func() error {
			storeWord(m.Data[at+stateAt:], native.Uint64(rec[stateAt:]))
			return nil
		})
	}
	return a.write(rec[stateAt:slotLen], at+stateAt)
}
