package arena

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall"
)

const (
	noLimit = math.MaxInt64
	growMin = 64 << 20 // what a file grows by at least, where there is room
	// aheadMax is what one grows by at most, besides what is asked for, that keeps no
	// space to recycle: reserving a few pages at a time takes longer than writing them.
	aheadMax = 1 << 20
)

// alloc takes an extent of at least n bytes, with disk space.
func (a *Arena) alloc(n int64) (extent, error) {
	n = roundUp(n, page)
	a.mu.Lock()
	a.largest = max(a.largest, n)
	off, ok := a.space.take(n)
	a.mu.Unlock()
	if ok {
		return extent{off, n}, nil
	}
	return a.grow(n)
}

// free makes an extent that nothing refers to free space.
func (a *Arena) free(ext extent) {
	a.mu.Lock()
	a.space.give(span{off: ext.off, len: ext.len})
	keep := a.recycle()
	over := a.space.free > keep
	a.mu.Unlock()
	if over {
		a.resize.Lock()
		defer a.resize.Unlock()
		a.trim(keep)
	}
}

// recycle returns how many bytes of free space keep their disk space. The caller
// holds mu.
func (a *Arena) recycle() int64 {
	space := a.space.end - a.space.holes
	if a.opts.Recycle == 0 { // more than the file grows by, or it would grow and shrink by turns
		return max(growMin, space/8) + max(growMin, a.largest)
	}
	return max(min(aheadMax, (space-a.space.free)/8), a.opts.Recycle)
}

// grow is alloc where no span with disk space is large enough. The file grows by
// more than is needed; where there is not the room, by that; and if there is not
// even that, in exchange for the disk space of all spans, which are too small.
func (a *Arena) grow(n int64) (extent, error) {
	a.resize.Lock()
	defer a.resize.Unlock()
	ext, err := a.tryGrow(n, a.growStep())
	if errors.Is(err, ErrNoSpace) {
		ext, err = a.tryGrow(n, 0)
	}
	if errors.Is(err, ErrNoSpace) && a.trim(0) {
		ext, err = a.tryGrow(n, 0)
	}
	return ext, err
}

// growStep returns how many bytes more than needed the file grows by.
func (a *Arena) growStep() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	room := max(0, a.recycle()-a.space.free)
	return min(max(growMin, a.blocks/8), room) / page * page
}

func (a *Arena) tryGrow(n, extra int64) (extent, error) {
	ext, err := a.fill(n, extra)
	if errors.Is(err, ErrNoSpace) {
		ext, err = a.extend(n, extra)
	}
	return ext, err
}

// errNoRun says that no run of spans is large enough.
var errNoRun = fmt.Errorf("%w in holes", ErrNoSpace)

// fill takes n bytes out of the file's spans and gives them disk space, and extra bytes
// that follow too, as far as they are free.
func (a *Arena) fill(n, extra int64) (extent, error) {
	a.mu.Lock()
	taken, holes, ok := a.space.takeRun(n, extra)
	a.mu.Unlock()
	if !ok {
		return extent{}, errNoRun
	}
	err := a.back(holes...)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.space.giveBack(taken.off, taken.end(), holes)
		return extent{}, err
	}
	a.space.give(span{off: taken.off + n, len: taken.len - n})
	return extent{taken.off, n}, nil
}

// extend takes n bytes at the end of the file, which becomes longer by as much as is
// missing and extra bytes.
func (a *Arena) extend(n, extra int64) (extent, error) {
	a.mu.Lock()
	end := a.space.end
	off, holes := a.space.takeEnd(n, extra)
	a.mu.Unlock()
	err := a.back(holes...)
	if err != nil {
		_ = a.file.Truncate(end) // a part may have been reserved; if not, all is well
	} else {
		a.window.grow(off + n + extra)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.space.end = end
		a.space.giveBack(off, end, holes[:len(holes)-1])
		return extent{}, err
	}
	a.space.give(span{off: off + n, len: extra})
	return extent{off, n}, nil
}

// back gives holes disk space, all or none. The caller holds resize.
func (a *Arena) back(holes ...span) error {
	sum := int64(0)
	for _, h := range holes {
		sum += h.len
	}
	if sum > a.opts.Limit-a.blocks {
		return a.overLimit()
	}
	for i, h := range holes {
		if err := a.allocate(h); err != nil {
			for _, h := range holes[:i] {
				_ = a.file.Punch(h.off, h.len) // else it is reserved twice, which costs nothing
			}
			return noSpace(err)
		}
	}
	a.blocks += sum
	return nil
}

// allocate reserves disk space. Where the file system cannot, the file just becomes
// long enough, and writing may find the disk full.
func (a *Arena) allocate(h span) error {
	err := a.file.Allocate(h.off, h.len)
	if !errors.Is(err, errors.ErrUnsupported) {
		a.reserve = a.reserve || err == nil
		return err
	}
	size, err := a.file.Size()
	if err == nil && size < h.end() {
		err = a.file.Truncate(h.end())
	}
	return err
}

func (a *Arena) overLimit() error {
	return fmt.Errorf("%w: the limit is %d bytes", ErrNoSpace, a.opts.Limit)
}

// noSpace makes err an ErrNoSpace if it says so in the system's words.
func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}

// trim gives back the disk space of spans until no more than keep bytes of them have
// any, and reports whether it gave back some. The caller holds resize.
func (a *Arena) trim(keep int64) (some bool) {
	for {
		a.mu.Lock()
		p, ok := a.space.last(roundUp(a.space.free-keep, page))
		end := a.space.end
		a.mu.Unlock()
		if !ok {
			return some
		}
		var err error
		if p.end() < end {
			err = a.punch(p)
		}
		p.hole = err == nil
		a.mu.Lock()
		a.space.give(p)
		a.mu.Unlock()
		if err == nil {
			a.blocks -= p.len
			err = a.cut()
		}
		if err != nil { // it stays as it is, and nothing is lost but disk space
			return some
		}
		some = true
	}
}

// punch gives back the disk space of p.
func (a *Arena) punch(p span) error {
	if a.noPunch {
		return errors.ErrUnsupported
	}
	err := a.file.Punch(p.off, p.len)
	a.noPunch = errors.Is(err, errors.ErrUnsupported)
	if err == nil {
		a.window.forget(p.off, p.end())
	}
	return err
}

// cut makes the file shorter by the hole at its end, if there is one.
func (a *Arena) cut() error {
	a.mu.Lock()
	old := a.space.end
	cut := a.space.cut()
	end := a.space.end
	a.mu.Unlock()
	if !cut {
		return nil
	}
	a.window.forget(end, old)
	err := a.file.Truncate(end)
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.space.end = old
		a.space.give(span{off: end, len: old - end, hole: true})
	}
	return err
}

// claim makes spans of all of a file of size bytes but the extents, which are sorted
// and do not overlap. What disk space they had is given back: it is not known how
// much that was.
func (a *Arena) claim(size int64, used []extent) error {
	a.space.end, a.blocks = size, size
	at := int64(0)
	for _, e := range slices.Concat(used, []extent{{off: size}}) {
		p := span{off: at, len: e.off - at}
		at = e.end()
		if p.len == 0 {
			continue
		}
		if !a.opts.ReadOnly {
			err := a.punch(p)
			p.hole = !errors.Is(err, errors.ErrUnsupported)
			if err == nil {
				a.blocks -= p.len
			}
		}
		a.space.give(p)
	}
	return a.cut()
}

func roundUp(n, to int64) int64 { return (n + to - 1) / to * to }
