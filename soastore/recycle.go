package soastore

import (
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/soastore/soa/internal/fsys"
)

// The files of removed and replaced values are written over by later Sets: to
// overwrite a file costs a copy into its pages, where a fresh one must be given
// each page and each block first, and an inode. Between the two the file is a spare,
// under a name that no reader looks at.
//
// Nobody sees other bytes than he expects. Writers write every byte of a spare up to
// the end, and what is behind is cut off (target). A file that anybody still has open,
// mapped or linked, in whatever process, is never written over (fsys.File.Alone).
//
// A rank by itself writes a spare under the name that it has, and exchanges that with
// the name of the value: the old content is then the spare. Among several ranks a spare
// becomes a partial file first: an old content that is put aside may be gone back to
// when the store is opened again (recover), and spares never are.

// spares are the files that one rank keeps to write over. Safe for concurrent use.
type spares struct {
	limit int64 // bytes; negative for no spares, 0 for as many as the largest value takes

	mu      sync.Mutex
	largest int64   // bytes of the largest file written
	files   []spare // oldest first
	bytes   int64
}

type spare struct {
	name string
	size int64
}

const (
	fewSpares  = 1 << 20 // bytes that are always kept: many small files
	maxSpares  = 1024    // files
	spareSlack = 64 << 10
)

// take returns the spare whose size is nearest to the wanted, unless most of it
// would be cut off.
func (s *spares) take(size int64) (spare, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	best, away := -1, int64(math.MaxInt64)
	for i := len(s.files) - 1; i >= 0 && away > 0; i-- { // the newest may be in the processor's cache
		f := s.files[i]
		if d := max(f.size-size, size-f.size); d < away && f.size <= 2*size+spareSlack {
			best, away = i, d
		}
	}
	if best < 0 {
		return spare{}, false
	}
	return s.remove(best), true
}

// remove takes the i-th file out. The caller holds mu.
func (s *spares) remove(i int) spare {
	f := s.files[i]
	s.files = append(s.files[:i], s.files[i+1:]...)
	s.bytes -= f.size
	return f
}

// wrote notes the size of a file.
func (s *spares) wrote(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.largest = max(s.largest, size)
}

// accepts reports whether a file of that size would be kept.
func (s *spares) accepts(size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return size <= s.room()
}

// room is how many bytes may be kept. The caller holds mu.
func (s *spares) room() int64 {
	if s.limit == 0 {
		return max(s.largest, fewSpares)
	}
	return s.limit
}

// put adds a file and returns those that are now too many, for removal.
func (s *spares) put(f spare) (surplus []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, f)
	s.bytes += f.size
	for s.bytes > s.room() || len(s.files) > maxSpares {
		surplus = append(surplus, s.remove(0).name)
	}
	return surplus
}

// drain takes all files out and returns them.
func (s *spares) drain() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		names = append(names, f.name)
	}
	s.files, s.bytes = nil, 0
	return names
}

func (s *spares) held() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// reuse opens a spare that fits, if there is one, for the content of name. What goes
// wrong costs no more than the spare.
func (c *change) reuse(name string, size int64) *target {
	s, ok := c.spares.take(size)
	if !ok {
		return nil
	}
	f, err := c.fs.OpenFile(s.name, os.O_WRONLY)
	if err != nil {
		c.trash(s.name)
		return nil
	}
	at := s.name
	before, unused, err := f.Alone()
	if err == nil && unused && !c.single {
		at = c.partialName(name)
		err = c.fs.Rename(s.name, at)
	}
	if err != nil || !unused {
		_ = f.Close() // nothing was written
		c.trash(s.name)
		return nil
	}
	c.stage(name, at)
	return c.target(f, before)
}

// recycle keeps what is at a name, the content of the given file that nothing refers
// to any more, as a spare, and reports whether it is dealt with. It has so many bytes,
// 0 if that is not known.
func (c *change) recycle(file, at string, size int64) bool {
	if c.spares == nil || c.folders {
		return false
	}
	if size == 0 {
		info, err := c.fs.Lstat(at)
		if err != nil || !info.Mode().IsRegular() {
			return false
		}
		size = info.Size()
	}
	if !c.spares.accepts(size) {
		return false
	}
	kept := at
	if !strings.HasSuffix(at, spareSuffix) {
		kept = c.spareName(file)
		if c.fs.Rename(at, kept) != nil {
			return false
		}
	}
	for _, surplus := range c.spares.put(spare{kept, size}) {
		c.trash(surplus)
	}
	return true
}

// trash removes a spare, now or later.
func (c *change) trash(name string) { c.lost = append(c.lost, c.remove([]string{name})...) }

// target is a partial file that is being written. It may have bytes already, which
// are as good as none: those that are not written over are cut off at the end.
type target struct {
	fsys.File
	before int64 // the file's length when it was opened
	end    atomic.Int64
}

// WriteAt writes p at off, and remembers how far the file goes.
func (t *target) WriteAt(p []byte, off int64) (int, error) {
	n, err := t.File.WriteAt(p, off)
	for {
		end := t.end.Load()
		if off+int64(n) <= end || t.end.CompareAndSwap(end, off+int64(n)) {
			return n, err
		}
	}
}

// written returns the length of the file that was written.
func (t *target) written() int64 { return t.end.Load() }

// cut removes what the file had behind the last byte that was written.
func (t *target) cut() error {
	if t.before <= t.written() {
		return nil
	}
	return t.Truncate(t.written())
}
