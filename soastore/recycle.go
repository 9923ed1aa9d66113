package soastore

import (
	"fmt"
	"io/fs"
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
//
// The spares of a store of folders are folders, whose files are written over if that
// goes for each of them (memmap.RewriteFolder). One becomes a partial folder when it is
// whole: what is in it before is partly old, and its files need not have checksums.

// spares are the files, or folders, that one rank keeps to write over. Safe for
// concurrent use.
type spares struct {
	limit int64 // bytes; 0 for as many as the largest value takes
	most  int   // files or folders

	mu      sync.Mutex
	largest int64   // bytes of the largest value written
	files   []spare // oldest first
	bytes   int64
}

// spare is a file, or a folder and what it was when it became one.
type spare struct {
	name   string
	size   int64
	folder fs.FileInfo // nil for a file
}

const (
	fewSpares       = 1 << 20 // bytes that are always kept: many small files
	maxSpareFiles   = 1024
	maxSpareFolders = 32 // of many files each
	spareSlack      = 64 << 10
)

func newSpares(limit int64, folders bool) *spares {
	if folders {
		return &spares{limit: limit, most: maxSpareFolders}
	}
	return &spares{limit: limit, most: maxSpareFiles}
}

// tellsUse reports whether the file system of the store tells all uses of a file
// (fsys.File.Alone). An overlay forgets a mapping once the file is closed that it was
// made with. Of files without checksums, as folders have, it must be known not to do
// such, nor to be one that other machines use.
func (s *Spill) tellsUse() bool {
	if s.format.folders() {
		return s.on.Kind == fsys.Memory || s.on.Kind == fsys.Local
	}
	return s.on.Name != "" && s.on.Name != "overlay"
}

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
	for s.bytes > s.room() || len(s.files) > s.most {
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
	piece := c.newPiece
	if before >= size/2 { // much of it has its pages
		piece = fsys.CachePiece
	}
	return c.target(f, before, piece)
}

// reuseFolder has write fill a spare folder that fits, for the content of name, and
// reports whether there is one, and it could be written over. What goes wrong costs no
// more than the spare.
func (c *change) reuseFolder(name string, size int64, write fillFolder) (written int64, ok bool) {
	s, ok := c.spares.take(size)
	if !ok {
		return 0, false
	}
	at, err := s.name, c.same(s)
	if err == nil {
		written, err = write(s.name, true)
	}
	if err == nil && !c.single {
		at = c.partialName(name)
		err = c.fs.Rename(s.name, at)
	}
	if err != nil {
		c.trash(s.name)
		return 0, false
	}
	c.stage(name, at)
	return written, true
}

// same reports that something else is where a spare folder was: a link, a folder of
// somebody else's, or of another file system.
func (c *change) same(s spare) error {
	info, err := c.fs.Lstat(s.name)
	if err == nil && !os.SameFile(info, s.folder) {
		err = fmt.Errorf("%w: %s was replaced", ErrInUse, s.name)
	}
	return err
}

// recycle keeps what is at a name, the content of the given file that nothing refers
// to any more, as a spare, and reports whether it is dealt with. It has so many bytes,
// 0 if that is not known.
func (c *change) recycle(file, at string, size int64) bool {
	if c.spares == nil {
		return false
	}
	s, ok := c.asSpare(at, size)
	if !ok || !c.spares.accepts(s.size) {
		return false
	}
	if !strings.HasSuffix(at, spareSuffix) {
		s.name = c.spareName(file)
		if c.fs.Rename(at, s.name) != nil {
			return false
		}
	}
	for _, surplus := range c.spares.put(s) {
		c.trash(surplus)
	}
	return true
}

// asSpare returns what is at a name, of so many bytes, 0 if that is not known, as a
// spare; ok is false for what can be none. Of a folder it is known if this store wrote
// it, and no other is one.
func (c *change) asSpare(at string, size int64) (s spare, ok bool) {
	s = spare{name: at, size: size}
	if size > 0 && !c.folders {
		return s, true
	}
	info, err := c.fs.Lstat(at)
	switch {
	case err != nil:
		return s, false
	case c.folders:
		s.folder = info
		return s, size > 0 && info.IsDir()
	}
	s.size = info.Size()
	return s, info.Mode().IsRegular()
}

// trash removes a spare, now or later.
func (c *change) trash(name string) { c.lost = append(c.lost, c.remove([]string{name})...) }

// target is a partial file that is being written. It may have bytes already, which
// are as good as none: those that are not written over are cut off at the end.
type target struct {
	fsys.File
	before int64 // the file's length when it was opened
	piece  int64
	end    atomic.Int64
}

// PieceSize is what [fsys.PieceSize] asks for.
func (t *target) PieceSize() int64 { return t.piece }

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
