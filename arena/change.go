package arena

import "errors"

// A Change is a value that is staged, or removals that are. It ends with Undo or
// Finish. One goroutine uses it at a time.
//
//	Stage   -> Commit -> Finish
//	    \         \
//	    Undo      Undo
//
// Ranks that change a value together all stage; when all have, they all commit; when
// all have, they all finish. If one fails, they all undo.
type Change struct {
	a       *Arena
	new     *version   // nil for removals
	entries []*entry   // what is changed
	old     []*version // what was current, of each entry; of a removal from the start
	touched int        // entries that the file may have changes of
	step    step
	one     [1]*entry
	oneOld  [1]*version
}

type step uint8

const (
	staged step = iota
	visible
	ended
)

// errStep is for a caller that does not keep the order.
var errStep = errors.New("a change is committed, and then finished, once")

// Commit makes the change what readers see, by one small write for each key that
// needs no space. After an error they see what they did, and Undo must follow; the
// file may have either.
func (c *Change) Commit() error {
	if c.step != staged {
		return c.failed("commit", errStep)
	}
	if err := c.a.enter(); err != nil {
		return c.failed("commit", err)
	}
	err := c.write()
	if err == nil {
		err = c.a.sync()
	}
	if err == nil {
		c.show()
	}
	c.a.leave(&err)
	return c.failed("commit", err)
}

// write makes the change in the file.
func (c *Change) write() error {
	if c.new != nil {
		return c.a.setState(c.new, committed)
	}
	for i, e := range c.entries {
		c.touched = i + 1
		old := c.old[i]
		// What an Undo could not erase would be the newest one that counts.
		if err := c.a.eraseOthers(e, func(v *version) bool { return v.seq > old.seq && v.state != prepared }); err != nil {
			return err
		}
		if err := c.a.setState(old, removed); err != nil {
			return err
		}
	}
	return nil
}

// show makes the change visible to readers.
func (c *Change) show() {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	c.step = visible
	if c.new != nil {
		c.old = append(c.oneOld[:0], c.entries[0].current)
		c.entries[0].makeCurrent(c.new)
		return
	}
	for _, e := range c.entries {
		e.makeCurrent(nil)
	}
}

// Undo takes the change back, before or after Commit: readers see what they did
// before it, which was not touched. After an error they do too, but who opens the
// file again may find the change made. On a change that has ended it does nothing.
func (c *Change) Undo() error {
	if c.step == ended {
		return nil
	}
	if err := c.a.enter(); err != nil {
		return c.failed("undo", err)
	}
	c.hide()
	var err error
	if c.new != nil {
		err = c.a.erase(c.entries[0], c.new)
	} else {
		err = c.unremove()
	}
	err = errors.Join(err, c.a.sync())
	c.end()
	c.a.leave(&err)
	return c.failed("undo", err)
}

// hide is the inverse of show.
func (c *Change) hide() {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	if c.step == visible {
		for i, e := range c.entries {
			e.makeCurrent(c.old[i])
		}
	}
}

func (c *Change) unremove() (err error) {
	for _, v := range c.old[:c.touched] {
		err = errors.Join(err, c.a.setState(v, committed))
	}
	return err
}

// Finish frees what the change replaced or removed, when its last reader closes it.
// After an error that is in the file still, until [Arena.Sweep] or the next change
// of the key; nothing else is wrong.
func (c *Change) Finish() error {
	if c.step != visible {
		return c.failed("finish", errStep)
	}
	if err := c.a.enter(); err != nil {
		return c.failed("finish", err)
	}
	var err error
	for _, e := range c.entries {
		if eraseErr := c.a.eraseOthers(e, anyVersion); eraseErr != nil {
			err = errors.Join(err, eraseErr)
		}
	}
	c.end()
	c.a.leave(&err)
	return c.failed("finish", err)
}

func (c *Change) end() {
	c.step = ended
	for _, e := range c.entries {
		c.a.end(e)
	}
}

func (c *Change) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	key := ""
	if len(c.entries) == 1 {
		key = c.entries[0].key
	}
	return c.a.failedKey(op, key, err)
}
