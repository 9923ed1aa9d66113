package faultfs

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/soastore/soa/internal/fsys"
)

// FS is a file system whose operations can be made to fail.
type FS struct {
	base fsys.FS

	mu     sync.Mutex
	faults []*armed
	calls  []Call
	open   map[*file]struct{}
}

var _ fsys.FS = (*FS)(nil)

// New returns a file system that does what base does.
func New(base fsys.FS) *FS {
	return &FS{base: base, open: make(map[*file]struct{})}
}

// Inject arms a fault beside those armed before. It panics if the fault's Name
// is no pattern of filepath.Match.
func (f *FS) Inject(fault Fault) {
	if _, err := filepath.Match(fault.Name, ""); err != nil {
		panic(fmt.Sprintf("faultfs: pattern %q: %v", fault.Name, err))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &armed{Fault: fault})
}

// Heal disarms all faults, also after a Crash. What was recorded stays.
func (f *FS) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Calls returns the operations made so far, in order.
func (f *FS) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Fired returns the operations that a fault hit so far, in order.
func (f *FS) Fired() []Call {
	return slices.DeleteFunc(f.Calls(), func(c Call) bool { return c.Err == nil })
}

// Count returns how many operations of one kind were made so far; of the kind
// "", how many in all.
func (f *FS) Count(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if op == "" || op == c.Op {
			n++
		}
	}
	return n
}

// Open returns the names of the files that are open now, sorted; a name is there
// as often as its file is open.
func (f *FS) Open() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := make([]string, 0, len(f.open))
	for file := range f.open {
		names = append(names, file.Name())
	}
	slices.Sort(names)
	return names
}

// do records the operation c and returns the error of the fault that hits it,
// and whether a write is to be a short one. Of several faults that hit it, the
// one injected first decides.
func (f *FS) do(c Call) (short bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.faults {
		if a.hits(c) && c.Err == nil {
			c.Err, short = a.cause(), a.Short && (c.Op == WriteAt || c.Op == WritevAt)
			err = c.failure()
		}
	}
	f.calls = append(f.calls, c)
	return short, err
}

// OpenFile implements [fsys.FS].
func (f *FS) OpenFile(name string, flag int) (fsys.File, error) {
	if _, err := f.do(Call{Op: OpenFile, Name: name}); err != nil {
		return nil, err
	}
	base, err := f.base.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	opened := &file{File: base, fs: f}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[opened] = struct{}{}
	return opened, nil
}

// Rename implements [fsys.FS].
func (f *FS) Rename(oldname, newname string) error {
	if _, err := f.do(Call{Op: Rename, Name: oldname, To: newname}); err != nil {
		return err
	}
	return f.base.Rename(oldname, newname)
}

// RenameNew implements [fsys.FS].
func (f *FS) RenameNew(oldname, newname string) error {
	if _, err := f.do(Call{Op: RenameNew, Name: oldname, To: newname}); err != nil {
		return err
	}
	return f.base.RenameNew(oldname, newname)
}

// Mkdir implements [fsys.FS].
func (f *FS) Mkdir(name string) error {
	if _, err := f.do(Call{Op: Mkdir, Name: name}); err != nil {
		return err
	}
	return f.base.Mkdir(name)
}

// Exchange implements [fsys.FS].
func (f *FS) Exchange(a, b string) error {
	if _, err := f.do(Call{Op: Exchange, Name: a, To: b}); err != nil {
		return err
	}
	return f.base.Exchange(a, b)
}

// Link implements [fsys.FS].
func (f *FS) Link(oldname, newname string) error {
	if _, err := f.do(Call{Op: Link, Name: oldname, To: newname}); err != nil {
		return err
	}
	return f.base.Link(oldname, newname)
}

// Remove implements [fsys.FS].
func (f *FS) Remove(name string) error {
	if _, err := f.do(Call{Op: Remove, Name: name}); err != nil {
		return err
	}
	return f.base.Remove(name)
}

// Lstat implements [fsys.FS].
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	if _, err := f.do(Call{Op: Lstat, Name: name}); err != nil {
		return nil, err
	}
	return f.base.Lstat(name)
}

// ReadDir implements [fsys.FS].
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := f.do(Call{Op: ReadDir, Name: name}); err != nil {
		return nil, err
	}
	return f.base.ReadDir(name)
}

// SyncDir implements [fsys.FS].
func (f *FS) SyncDir(name string) error {
	if _, err := f.do(Call{Op: SyncDir, Name: name}); err != nil {
		return err
	}
	return f.base.SyncDir(name)
}

// TypeOf implements [fsys.FS].
func (f *FS) TypeOf(name string) (fsys.Type, error) {
	if _, err := f.do(Call{Op: TypeOf, Name: name}); err != nil {
		return fsys.Type{}, err
	}
	return f.base.TypeOf(name)
}
