package soastore

import (
	"encoding/binary"
	"encoding/hex"
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
//	create            write new content under a name that no reader looks at
//	place             give it a name of its own that no reader looks at yet
//	replace, drop     plan which names that readers look at change
//	commit            make the planned changes, keeping the old content aside
//	undo or finish    as all ranks then decide
//
// It is used by one goroutine.
type change struct {
	fs fsys.FS
	// store and seq make the token of this change's names.
	store string
	seq   uint32
	// alone says that no other rank makes anything visible, so that this rank's
	// commit is the last step that can fail, and the old content need not be kept.
	alone bool
	// single says that there are no other ranks.
	single bool
	sync   bool
	// folders says that names are those of folders, which a rename does not replace.
	folders bool
	// leftover are files of earlier changes that nothing refers to and that could
	// not be removed: their names may be used again.
	leftover []string
	// spares are files or folders to write over instead of new ones; nil for none.
	spares *spares
	lost   []string // spares that could not be removed
	// newPiece is the size of the pieces that new files are written in.
	newPiece int64

	staged  []staged // written, or being written
	placed  []string // complete and under names of their own
	edits   []edit
	garbage []string // what nothing refers to once the change is agreed
	steps   []step   // changes inside a file that is kept

	// The memory of most changes: of one value.
	oneStep   [1]step
	oneStaged [1]staged
	oneEdit   [1]edit
	oneTarget target
}

// step is a planned change inside a file.
type step interface {
	Commit() error
	// Undo takes the step back, before or after Commit.
	Undo() error
	// Finish lets go of what Undo needs.
	Finish() error
}

// staged is new content of a name.
type staged struct {
	name string
	at   string // the name that it has meanwhile
}

// edit is a planned change of what a name means.
type edit struct {
	name    string
	from    string // where its new content is; "" if the name goes away
	existed bool   // the store has a file of that name
	size    int64  // of that file; 0 if it is not known
	done    bool
	aside   string // where the old content is meanwhile, once it is there
}

// partialName, oldName and spareName are what name's content is called meanwhile. The
// token in them is the call's: a rank may still be removing what it left of an earlier
// call when others are well into this one.
func (c *change) partialName(name string) string { return c.tokenName(name, partialSuffix) }
func (c *change) oldName(name string) string     { return c.tokenName(name, oldSuffix) }
func (c *change) spareName(name string) string   { return c.tokenName(name, spareSuffix) }

func (c *change) tokenName(name, suffix string) string {
	b := make([]byte, 0, len(name)+1+tokenLen+len(suffix))
	b = append(append(append(b, name...), '.'), c.store...)
	b = hex.AppendEncode(b, binary.BigEndian.AppendUint32(nil, c.seq))
	return string(append(b, suffix...))
}

// stage notes that the content of name comes to be at another name.
func (c *change) stage(name, at string) string {
	if c.staged == nil {
		c.staged = c.oneStaged[:0]
	}
	c.staged = append(c.staged, staged{name, at})
	return at
}

// stagedAt returns where the content of name is, which was created.
func (c *change) stagedAt(name string) string {
	i := slices.IndexFunc(c.staged, func(s staged) bool { return s.name == name })
	return c.staged[i].at
}

// allocateFrom is the size in bytes from which space for a new file is set aside
// before it is written: that makes writing half as fast again, and says early that
// the disk is full, but takes longer than it saves for small files.
const allocateFrom = 1 << 20

// share says who writes a file, and how much.
type share uint8

const (
	sized   share = iota // this rank alone, so many bytes
	unsized              // this rank alone, at most so many bytes
	shared               // several ranks, each of which opens it
)

// create opens a file for writing size bytes that name will have. It is new, or
// shared, or was a spare: the caller writes every byte up to the file's end.
func (c *change) create(name string, size int64, by share) (*target, error) {
	if c.spares != nil && by != shared {
		if t := c.reuse(name, size); t != nil {
			return t, nil
		}
	}
	partial := c.stage(name, c.partialName(name))
	if by == shared {
		f, err := c.fs.OpenFile(partial, os.O_CREATE|os.O_WRONLY)
		return c.target(f, 0, c.newPiece), err
	}
	f, err := c.fs.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil || size < allocateFrom || by == unsized {
		return c.target(f, 0, c.newPiece), err
	}
	if err := f.Allocate(0, size); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, f.Close())
	}
	return c.target(f, size, c.newPiece), nil
}

// target returns f, which has so many bytes already, as one to be written in pieces of
// that size.
func (c *change) target(f fsys.File, before, piece int64) *target {
	t := &c.oneTarget
	if t.File != nil { // one of several files
		t = new(target)
	}
	t.File, t.before, t.piece = f, before, piece
	return t
}

// writeFolder has write fill a folder that name will have with about size bytes: one
// that was a spare, whose files it is told to write over, or a new one. It returns how
// many bytes write says that there are.
func (c *change) writeFolder(name string, size int64, write fillFolder) (written int64, err error) {
	ok := false
	if c.spares != nil {
		written, ok = c.reuseFolder(name, size, write)
	}
	if !ok {
		partial := c.stage(name, c.partialName(name))
		if err = c.fs.Mkdir(partial); err == nil {
			written, err = write(partial, false)
		}
	}
	if err == nil && c.spares != nil {
		c.spares.wrote(written)
	}
	return written, err
}

// fillFolder writes all files of a folder, new ones or over those that are there, and
// returns how many bytes they hold.
type fillFolder func(folder string, over bool) (size int64, err error)

// close ends the writing of t; err is what went wrong so far.
func (c *change) close(t *target, err error) error {
	if err == nil {
		err = t.cut()
	}
	if err == nil && c.spares != nil {
		c.spares.wrote(t.written())
	}
	if err == nil && c.sync {
		err = t.Sync()
	}
	return errors.Join(err, t.Close())
}

// place gives the content of name its name, which must be free: nothing refers to it
// yet.
func (c *change) place(name string) error {
	if err := c.rename(c.stagedAt(name), name); err != nil {
		return err
	}
	c.placed = append(c.placed, name)
	return nil
}

// rename gives a file a name that must be free. Another program's file may have it, or
// another store's whose prefix and key spell the same name: that is not ours to
// replace.
func (c *change) rename(from, name string) error {
	if slices.Contains(c.leftover, name) {
		return c.fs.Rename(from, name)
	}
	err := c.fs.RenameNew(from, name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", err, ErrInUse)
	}
	return err
}

// replace plans that name gets the content that was created for it. existed says that
// the store has a file of that name, which has so many bytes, 0 if that is not known.
func (c *change) replace(name string, existed bool, size int64) {
	c.plan(edit{name: name, from: c.stagedAt(name), existed: existed, size: size})
}

// drop plans that name goes away, a file of so many bytes, 0 if that is not known.
func (c *change) drop(name string, size int64) {
	c.plan(edit{name: name, existed: true, size: size})
}

func (c *change) plan(e edit) {
	if c.edits == nil {
		c.edits = c.oneEdit[:0]
	}
	c.edits = append(c.edits, e)
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
	for _, step := range c.steps {
		if err := step.Commit(); err != nil {
			return err
		}
	}
	if c.sync && len(c.edits) > 0 {
		return c.fs.SyncDir(filepath.Dir(c.edits[0].name))
	}
	return nil
}

func (c *change) apply(e *edit) (err error) {
	switch {
	case e.from == "":
		aside := c.oldName(e.name)
		if c.spares != nil && c.single && len(c.edits) == 1 {
			aside = c.spareName(e.name) // no kill can leave a part of the change to go back on
		}
		if err = c.fs.Rename(e.name, aside); err == nil {
			e.aside = aside
		} else if c.purged(e.name, err) {
			err = nil
		}
	case e.existed:
		if err = c.swap(e); c.purged(e.name, err) {
			e.existed = false
			err = c.fs.Rename(e.from, e.name)
		}
	default:
		err = c.rename(e.from, e.name)
	}
	e.done = err == nil
	return err
}

// purged reports whether err says that somebody else removed the store's file name,
// as sites do with old files on scratch disks, and not that the folder is away.
func (c *change) purged(name string, err error) bool {
	if !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	_, fileErr := c.fs.Lstat(name)
	_, folderErr := c.fs.Lstat(filepath.Dir(name))
	return errors.Is(fileErr, fs.ErrNotExist) && folderErr == nil
}

// swap gives the name its new content. At no moment it has none, except on a file
// system that can neither exchange names nor link.
//
// Exchanging is also the fast way: a rename that replaces a file makes ext4 write
// out the new one at once.
func (c *change) swap(e *edit) error {
	err := c.fs.Exchange(e.from, e.name)
	if err == nil {
		e.aside = e.from
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if !c.alone || c.folders {
		if err := c.keep(e); err != nil {
			return err
		}
	}
	return c.fs.Rename(e.from, e.name)
}

// keep gives the old content a second name, or moves it there.
func (c *change) keep(e *edit) error {
	if c.fs.Link(e.name, c.oldName(e.name)) != nil {
		if err := c.fs.Rename(e.name, c.oldName(e.name)); err != nil {
			return err
		}
	}
	e.aside = c.oldName(e.name)
	return nil
}

// undo takes back what was done, so that the names mean what they did before.
// The error is nil only if they do; files that cannot be removed are returned as
// leftovers.
func (c *change) undo() (leftover []string, err error) {
	trash := c.placed
	for _, s := range c.staged {
		trash = append(trash, s.at)
	}
	for _, step := range slices.Backward(c.steps) {
		err = errors.Join(err, step.Undo())
	}
	for _, e := range slices.Backward(c.edits) {
		switch {
		case e.aside != "":
			back := c.putBack(e)
			if back == nil {
				trash = append(trash, e.aside)
			} else { // it has the old content
				trash = slices.DeleteFunc(trash, func(name string) bool { return name == e.aside })
			}
			err = errors.Join(err, back)
		case e.done && !e.existed:
			err = errors.Join(err, c.fs.Rename(e.name, e.from))
		}
	}
	return append(c.remove(trash), c.lost...), err
}

// putBack gives the name its old content. What the name has now, if anything, may
// stay as e.aside.
func (c *change) putBack(e edit) error {
	if e.from != "" && e.done {
		err := c.fs.Exchange(e.aside, e.name)
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		if c.folders { // a rename does not replace them
			if err := c.fs.Rename(e.name, e.from); err != nil {
				return err
			}
		}
	}
	return c.fs.Rename(e.aside, e.name)
}

// finish removes what the change left behind, or keeps it to write over, and
// returns what it could not remove.
func (c *change) finish() (leftover []string) {
	for _, step := range c.steps {
		_ = step.Finish() // the change is made; what could not be freed is when the file is opened again
	}
	var names []string // asides first, for they may be what gives the others a meaning
	for _, e := range c.edits {
		if e.aside != "" && !c.recycle(e.name, e.aside, e.size) {
			names = append(names, e.aside)
		}
	}
	for _, name := range c.garbage {
		if !c.recycle(name, name, 0) {
			names = append(names, name)
		}
	}
	return append(c.remove(names), c.lost...)
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
func removeTree(files fsys.FS, name string) error {
	err := files.Remove(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if info, lerr := files.Lstat(name); lerr != nil || !info.IsDir() {
		return err
	}
	inside, err := files.ReadDir(name)
	if err != nil {
		return err
	}
	for _, e := range inside {
		if err := files.Remove(filepath.Join(name, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return files.Remove(name)
}
