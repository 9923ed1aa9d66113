package arena

import "slices"

// entry is a key with all its versions. It is there as long as it has one, or a
// change of it is pending.
type entry struct {
	key     string
	current *version   // what readers find; nil if there is none
	others  []*version // staged, replaced or removed, and not freed yet
	pending bool       // a change is neither undone nor finished
}

// version is one value that a key has, had, or is about to have.
type version struct {
	slot
	header
	readers int  // Values, and calls, that use the extent
	seen    bool // there was a Value of it, which can tell its fields even when closed
	gone    bool // the slot is free: so is the extent, after the last reader
}

// writeVersion writes the slot of v in the given state.
func (a *Arena) writeVersion(v *version, s state) error {
	v.state = s
	return a.writeSlot(&v.slot)
}

// setState changes the state of v in the file, which needs no space. After an error
// the file may have either, and v has the new one.
func (a *Arena) setState(v *version, s state) error {
	v.state = s
	return a.writeState(v.at, stateWord(v.sum, s))
}

// blank returns a version of the given fields, with memory for their sums: that of the
// version that was erased last, if it is there, which the caches have.
func (a *Arena) blank(fields []field) *version {
	v := a.spare.Swap(nil)
	if v == nil {
		v = new(version)
	}
	*v = version{header: header{fields: fields, sums: slices.Grow(v.sums[:0], len(fields))[:len(fields)]}}
	return v
}

// erase takes v, which is not current, out of the file and out of e. Its extent is
// free when it has no reader left. The caller has no use for v afterwards.
func (a *Arena) erase(e *entry, v *version) error {
	if err := a.writeState(v.at, freeWord); err != nil {
		return err
	}
	a.mu.Lock()
	a.slots = append(a.slots, v.at)
	e.drop(v)
	v.gone = true
	idle, ext := v.readers == 0, v.ext
	if idle && !v.seen {
		a.spare.Store(v)
	}
	a.mu.Unlock()
	if idle {
		a.free(ext)
	}
	return nil
}

// done ends a use of v.
func (a *Arena) done(v *version) {
	a.mu.Lock()
	v.readers--
	idle := v.gone && v.readers == 0
	a.mu.Unlock()
	if idle {
		a.free(v.ext)
	}
}

// eraseOthers erases the versions of e that are not current and that which holds
// for, from the oldest on: one that is removed hides older ones, so they go first.
// It stops at what it cannot erase. The caller has e to itself.
func (a *Arena) eraseOthers(e *entry, which func(*version) bool) error {
	for first := true; ; first = false {
		v := a.oldest(e, which)
		if v == nil {
			return nil
		}
		if v.state == removed && !first {
			if err := a.sync(); err != nil {
				return err
			}
		}
		if err := a.erase(e, v); err != nil {
			return err
		}
	}
}

func anyVersion(*version) bool { return true }

// oldest returns the oldest version that is not current and that which holds for.
func (a *Arena) oldest(e *entry, which func(*version) bool) (oldest *version) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range e.others {
		if which(v) && (oldest == nil || v.seq < oldest.seq) {
			oldest = v
		}
	}
	return oldest
}

// sync makes durable what was written, if that was asked for.
func (a *Arena) sync() error {
	if !a.opts.Sync {
		return nil
	}
	return a.file.Sync()
}

// drop takes v out of the versions that are not current.
func (e *entry) drop(v *version) {
	if i := slices.Index(e.others, v); i >= 0 {
		e.others = slices.Delete(e.others, i, i+1)
	}
}

// makeCurrent makes v, nil for none, what readers find.
func (e *entry) makeCurrent(v *version) {
	if e.current == v {
		return
	}
	if v != nil {
		e.drop(v)
	}
	if e.current != nil {
		e.others = append(e.others, e.current)
	}
	e.current = v
}

// judge makes current what the file says: of the versions that are committed or
// removed the newest, if it is committed.
func (e *entry) judge() {
	e.makeCurrent(nil)
	var newest *version
	for _, v := range e.others {
		if v.state != prepared && (newest == nil || v.seq > newest.seq) {
			newest = v
		}
	}
	if newest != nil && newest.state == committed {
		e.makeCurrent(newest)
	}
}
