package soastore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/soastore/soa/internal/fsys"
)

// A change is what one rank does to its files in one call, in steps that can be
// undone until all ranks have agreed:
//
//	create            write new content under a partial name
//	place             give it a name that no reader looks at yet
//	replace, drop     plan which names that readers look at change
//	commit            make the planned changes, keeping the old content aside
//	undo or finish    as all ranks then decide
//
// It is used by one goroutine.
type change struct {
	fs    fsys.FS
	token string
	// alone says that no other rank commits anything, so that this rank's commit
	// is the last step that can fail and the old content need not be kept.
	alone bool
	sync  bool
	// folders says that names are those of folders, which a rename does not replace.
	folders bool
	// leftover are files of earlier changes that nothing refers to and that could
	// not be removed: their names may be used again.
	leftover []string

	partial []string // written, or being written
	placed  []string // complete and under names of their own
	edits   []edit
	garbage []string // what nothing refers to once the change is agreed
}

// edit is a planned change of what a name means.
type edit struct {
	name    string
	content bool // new content is in the partial file; else the name goes away
	existed bool // the store has a file of that name
	kept    bool // the old content is in the old file
	done    bool
}

func (c *change) partialName(name string) string { return name + "." + c.token + partialSuffix }
func (c *change) oldName(name string) string     { return name + "." + c.token + oldSuffix }

// create opens the partial file of name for writing. Ranks that write one file
// together (shared) each open it; else it must be new.
func (c *change) create(name string, shared bool) (fsys.File, error) {
	flag := os.O_CREATE | os.O_WRONLY
	if !shared {
		flag |= os.O_EXCL
	}
	partial := c.partialName(name)
	c.partial = append(c.partial, partial)
	return c.fs.OpenFile(partial, flag)
}

// createFolder makes the partial folder of name and returns its name.
func (c *change) createFolder(name string) (string, error) {
	partial := c.partialName(name)
	c.partial = append(c.partial, partial)
	return partial, c.fs.Mkdir(partial)
}

// close ends the writing of f; err is what went wrong so far.
func (c *change) close(f fsys.File, err error) error {
	if err == nil && c.sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// place gives the partial file of name its name, which must be free: nothing refers
// to it yet.
func (c *change) place(name string) error {
	if err := c.free(name); err != nil {
		return err
	}
	if err := c.fs.Rename(c.partialName(name), name); err != nil {
		return err
	}
	c.placed = append(c.placed, name)
	return nil
}

// free reports a file of that name: another program's, or another store's whose
// prefix and key spell the same name. It is not ours to replace.
func (c *change) free(name string) error {
	if slices.Contains(c.leftover, name) {
		return nil
	}
	if _, err := c.fs.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s: %w", name, ErrInUse))
	}
	return nil
}

// replace plans that name gets the content of its partial file.
func (c *change) replace(name string, existed bool) {
	c.edits = append(c.edits, edit{name: name, content: true, existed: existed})
}

// drop plans that name goes away.
func (c *change) drop(name string) {
	c.edits = append(c.edits, edit{name: name, existed: true})
}

// discard plans the removal of files once nothing refers to them.
func (c *change) discard(names ...string) { c.garbage = append(c.garbage, names...) }

// commit makes the planned changes. After an error undo takes back those made.
func (c *change) commit() error {
	for i := range c.edits {
		if err := c.apply(&c.edits[i]); err != nil {
			return err
		}
	}
	if c.sync && len(c.edits) > 0 {
		return c.fs.SyncDir(filepath.Dir(c.edits[0].name))
	}
	return nil
}

func (c *change) apply(e *edit) error {
	if !e.content {
		if err := c.fs.Rename(e.name, c.oldName(e.name)); err != nil {
			return err
		}
		e.kept, e.done = true, true
		return nil
	}
	if !e.existed {
		if err := c.free(e.name); err != nil {
			return err
		}
	} else if !c.alone || c.folders {
		if err := c.keep(e); err != nil {
			return err
		}
	}
	if err := c.fs.Rename(c.partialName(e.name), e.name); err != nil {
		return err
	}
	e.done = true
	return nil
}

// keep gives the old content a second name, or, on a file system without hard
// links, moves it there.
func (c *change) keep(e *edit) error {
	if c.fs.Link(e.name, c.oldName(e.name)) != nil {
		if err := c.fs.Rename(e.name, c.oldName(e.name)); err != nil {
			return err
		}
	}
	e.kept = true
	return nil
}

// undo takes back what was done, so that the names mean what they did before.
// The error is nil only if they do; partial files that cannot be removed are
// returned as leftovers.
func (c *change) undo() (leftover []string, err error) {
	trash := slices.Concat(c.partial, c.placed)
	for _, e := range slices.Backward(c.edits) {
		if c.folders && e.content && e.done { // make room for the old one
			err = errors.Join(err, c.fs.Rename(e.name, c.partialName(e.name)))
			e.done = false
		}
		switch {
		case e.kept:
			back := c.fs.Rename(c.oldName(e.name), e.name)
			if back == nil { // between two names of one file it does nothing
				trash = append(trash, c.oldName(e.name))
			}
			err = errors.Join(err, back)
		case e.done && !e.existed:
			err = errors.Join(err, c.fs.Remove(e.name))
		}
	}
	return c.remove(trash), err
}

// finish removes what the change left behind and returns what it could not.
func (c *change) finish() (leftover []string) {
	for _, e := range c.edits {
		if e.kept {
			c.garbage = append(c.garbage, c.oldName(e.name))
		}
	}
	return c.remove(c.garbage)
}

// remove removes the files and folders that are there, and returns those that stay.
func (c *change) remove(names []string) (leftover []string) {
	for _, name := range names {
		if err := removeTree(c.fs, name); err != nil {
			leftover = append(leftover, name)
		}
	}
	return leftover
}

// removeTree removes a file, or a folder of files; that there is none is no error.
func removeTree(fsys fsys.FS, name string) error {
	info, err := fsys.Lstat(name)
	if err == nil && info.IsDir() {
		var inside []fs.DirEntry
		if inside, err = fsys.ReadDir(name); err != nil {
			return err
		}
		for _, e := range inside {
			if err := fsys.Remove(filepath.Join(name, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err == nil {
		err = fsys.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
