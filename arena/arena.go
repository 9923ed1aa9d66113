package arena

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/soastore/soa/internal/fsys"
)

// Options say how an arena is made and used. The zero value works.
type Options struct {
	// Label is a short text that Create keeps in the file: whose it is. The default
	// is none.
	Label string
	// Direct moves large values past the operating system's cache (O_DIRECT), where
	// the file system can. The default is through it.
	Direct bool
	// Sync makes what Commit makes visible survive a power failure. The default is
	// that it survives the end of the process, however that ends.
	Sync bool
	// ReadOnly opens the file for looking at: it is neither locked nor changed, so
	// what a process that has it open changes meanwhile may read as damaged. The
	// default is for reading and writing, alone.
	ReadOnly bool
	// Recycle is how many bytes of free space keep their disk space, for values to
	// come; that of more is given back. In any case it is an eighth of what values take,
	// up to 1 MiB, which the file grows by; negative is no more than that. The default
	// is as many as the largest value took and an eighth of the file, each at least
	// 64 MiB.
	Recycle int64
	// Limit is how many bytes of disk space the file may take. The default is no
	// limit but the disk's.
	Limit int64
	// FS is the file system, for tests of this module. The default is the machine's.
	FS fsys.FS

	mapping mapping // for tests
}

// Arena is an open arena. Its methods may be called by several goroutines at once.
type Arena struct {
	super   superblock
	name    string
	opts    Options
	files   fsys.FS
	file    fsys.File
	direct  *direct // nil without Direct
	window  window
	reserve bool                    // the file system can reserve disk space
	layout  atomic.Pointer[layout]  // of the value that was staged last
	spare   atomic.Pointer[version] // the one erased last, if nothing refers to it

	growing sync.Mutex // held while a table is added; taken before resize
	// resize is held while disk space is reserved or given back. It is taken before mu.
	resize  sync.Mutex
	blocks  int64 // bytes of the file with disk space
	noPunch bool  // the file system cannot give any back

	mu      sync.Mutex
	closed  bool
	users   int // calls that use the file; the last one after Close closes it
	seq     uint64
	keys    map[string]*entry
	space   space
	largest int64   // bytes of the largest extent asked for
	slots   []int64 // free ones
	lastTab int64   // where the last table's first slot is
	damaged []damage
	view    *view // of the whole file, read-only; nil until one is asked for
}

// Create makes the file name, which must be new, into an empty arena. The error is
// an fs.ErrExist if there is such a file, or an ErrNoSpace.
func Create(name string, opts Options) (*Arena, error) {
	if opts.ReadOnly {
		return nil, &Error{Op: "create", File: name, Err: ErrReadOnly}
	}
	if len(opts.Label) > labelMax {
		return nil, &Error{Op: "create", File: name, Err: ErrName}
	}
	a := newArena(name, opts)
	var err error
	if a.file, err = a.files.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL); err != nil {
		return nil, a.failed("create", err)
	}
	if err := a.create(); err != nil {
		return nil, a.failed("create", errors.Join(err, a.release(), a.files.Remove(name)))
	}
	return a, nil
}

// Open opens the arena name. Where a value was being changed when its last process
// ended, the change is made or not made, and [Arena.Versions] has what is left of
// the other; see there. The error is an ErrFormat, ErrVersion or ErrChecksum for a
// file that is no arena of this program, and an ErrInUse if it is open already.
func Open(name string, opts Options) (*Arena, error) {
	a := newArena(name, opts)
	flag := os.O_RDWR
	if opts.ReadOnly {
		flag = os.O_RDONLY
	}
	var err error
	if a.file, err = a.files.OpenFile(name, flag); err != nil {
		return nil, a.failed("open", err)
	}
	if err := a.open(); err != nil {
		return nil, a.failed("open", errors.Join(err, a.release()))
	}
	return a, nil
}

func newArena(name string, opts Options) *Arena {
	a := &Arena{name: name, opts: opts, files: opts.FS, keys: make(map[string]*entry)}
	if a.files == nil {
		a.files = fsys.OS
	}
	if a.opts.Limit == 0 {
		a.opts.Limit = noLimit
	}
	return a
}

// create writes the superblock and table 0, as one block.
func (a *Arena) create() error {
	if err := a.lock(); err != nil {
		return err
	}
	if a.opts.Limit < firstLen {
		return a.overLimit()
	}
	if err := a.back(span{len: firstLen, hole: true}); err != nil {
		return err
	}
	a.super = superblock{id: rand.Uint64(), label: a.opts.Label}
	first := make([]byte, firstLen)
	a.super.put(first)
	if err := a.write(first, 0); err != nil {
		return err
	}
	if a.opts.Sync {
		if err := errors.Join(a.file.Sync(), a.files.SyncDir(filepath.Dir(a.name))); err != nil {
			return err
		}
	}
	a.space.end = firstLen
	a.addTable(extent{0, firstLen}, page)
	return a.equip()
}

// lock takes the file. Some network file systems have no locks: there O_EXCL and
// names of one's own have to do.
func (a *Arena) lock() error {
	err := a.file.Lock()
	switch {
	case errors.Is(err, fsys.ErrLocked):
		return errors.Join(ErrInUse, err)
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	}
	return err
}

// equip makes ready what makes reading and writing fast.
func (a *Arena) equip() error {
	kind := fsys.Unknown
	if t, err := a.files.TypeOf(a.name); err == nil { // else all is as safe, and slower
		kind = t.Kind
	}
	if !a.opts.ReadOnly {
		a.window.open(a.file, a.opts.mapping, kind, a.reserve)
	}
	if !a.opts.Direct || kind == fsys.Memory {
		return nil
	}
	var err error
	a.direct, err = openDirect(a)
	return err
}

// Name returns the file's name.
func (a *Arena) Name() string { return a.name }

// Label returns the text that Create was given.
func (a *Arena) Label() string { return a.super.label }

// Close closes the arena. Calls that are under way go on; when the last of them ends
// the file is closed. Changes that are not finished stay in the file as they are:
// [Arena.Versions] of the next opening has them.
func (a *Arena) Close() error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return a.failed("close", ErrClosed)
	}
	a.closed = true
	last := a.users == 0
	a.mu.Unlock()
	if last {
		return a.failed("close", a.release())
	}
	return nil
}

// Remove closes the arena and deletes its file.
func (a *Arena) Remove() error {
	if err := a.enter(); err != nil {
		return a.failed("remove", err)
	}
	err := a.Close()
	if err == nil && !a.opts.ReadOnly { // while it is locked: the name is this file's
		err = a.failed("remove", a.files.Remove(a.name))
	}
	return errors.Join(err, a.exit())
}

// enter begins a call that uses the file; exit ends it.
func (a *Arena) enter() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return ErrClosed
	}
	a.users++
	return nil
}

func (a *Arena) exit() error {
	a.mu.Lock()
	a.users--
	last := a.closed && a.users == 0
	a.mu.Unlock()
	if last {
		return a.release()
	}
	return nil
}

// leave is exit for a call that ends with *err.
func (a *Arena) leave(err *error) {
	if closing := a.exit(); *err == nil {
		*err = closing
	}
}

// enterWrite is enter for a call that changes the file.
func (a *Arena) enterWrite() error {
	if a.opts.ReadOnly {
		return ErrReadOnly
	}
	return a.enter()
}

// release closes what is open.
func (a *Arena) release() error {
	var errs []error
	if a.view != nil {
		errs = append(errs, a.view.unref())
	}
	errs = append(errs, a.window.close())
	if a.direct != nil {
		errs = append(errs, a.direct.file.Close())
	}
	return errors.Join(append(errs, a.file.Close())...)
}

// failed returns err, if it is one, as an *Error.
func (a *Arena) failed(op string, err error) error { return a.failedKey(op, "", err) }

func (a *Arena) failedKey(op, key string, err error) error {
	if _, done := err.(*Error); err == nil || done {
		return err
	}
	return &Error{Op: op, File: a.name, Key: key, Err: err}
}
