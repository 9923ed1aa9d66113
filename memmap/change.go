package memmap

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/soastore/soa/internal/fsys"
)

// A change puts new files in the place of those of an array:
//
//  1. write each new file as NAME.SUFFIX.TOKEN.partial
//  2. rename each old file, of either kind, NAME.yaml first, to NAME.SUFFIX.TOKEN.old
//  3. rename each partial file to its name, NAME.yaml last
//  4. remove the old files
//
// TOKEN is 16 random hexadecimal digits. A failure undoes what was done, last step
// first. A crash can leave the array as it was, as it will be, or (between the
// first rename of step 2 and the last of step 3) without NAME.yaml: then there is
// no array, never one of old and new files mixed, and the old files are there
// under their .old names.
//
// If the array is dense and stays of the same type and shape, then steps 2 to 4
// are one rename, of NAME.array, and there is no moment without an array.
type change struct {
	fs      fsys.FS
	path    string
	token   string
	partial []string    // names written in step 1
	renamed [][2]string // from and to, of steps 2 and 3
	old     []string    // names given in step 2
}

// changing is held from step 2 on, so that two changes of an array do not mix.
var changing sync.Mutex

// replace makes the files of the array path those of in. Each of write fills one
// part.
func replace(files fsys.FS, path string, in Info, write []func(fsys.File) error, o Options) (err error) {
	if err := checkPath(path); err != nil {
		return err
	}
	var token [8]byte
	rand.Read(token[:])
	c := &change{fs: files, path: path, token: hex.EncodeToString(token[:])}
	defer func() { err = c.finish(err) }()
	for i, p := range in.parts() {
		if err := c.write(p.suffix, write[i], o.Sync); err != nil {
			return err
		}
	}
	text := encodeInfo(in)
	if err := c.write(yamlSuffix, writeBytes(text), o.Sync); err != nil {
		return err
	}
	changing.Lock()
	defer changing.Unlock()
	if err := c.swap(in, text); err != nil || !o.Sync {
		return err
	}
	return c.fs.SyncDir(filepath.Dir(path))
}

func checkPath(path string) error {
	if path == "" || os.IsPathSeparator(path[len(path)-1]) {
		return &fs.PathError{Op: "create", Path: path, Err: fmt.Errorf("%w: it does not end in a name", fs.ErrInvalid)}
	}
	return nil
}

func (c *change) partialName(suffix string) string {
	return c.path + suffix + "." + c.token + ".partial"
}

// write is step 1 for one file.
func (c *change) write(suffix string, fill func(fsys.File) error, sync bool) error {
	name := c.partialName(suffix)
	f, err := c.fs.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	c.partial = append(c.partial, name)
	err = fill(f)
	if err == nil && sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// swap is steps 2 and 3.
func (c *change) swap(in Info, text []byte) error {
	old, err := c.existing()
	if err != nil {
		return err
	}
	if !in.Sparse && slices.Equal(old, []string{yamlSuffix, arraySuffix}) && c.isYAML(text) {
		return c.fs.Rename(c.partialName(arraySuffix), c.path+arraySuffix)
	}
	for _, suffix := range old {
		name := c.path + suffix + "." + c.token + ".old"
		if err := c.rename(c.path+suffix, name); err != nil {
			return err
		}
		c.old = append(c.old, name)
	}
	for _, p := range in.parts() {
		if err := c.rename(c.partialName(p.suffix), c.path+p.suffix); err != nil {
			return err
		}
	}
	return c.rename(c.partialName(yamlSuffix), c.path+yamlSuffix)
}

// existing returns the suffixes of the files that are there now.
func (c *change) existing() (have []string, err error) {
	for _, suffix := range suffixes {
		info, err := c.fs.Lstat(c.path + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular():
			return nil, &fs.PathError{Op: "replace", Path: c.path + suffix, Err: fmt.Errorf("%w, and is not a plain file: move it away", fs.ErrExist)}
		default:
			have = append(have, suffix)
		}
	}
	return have, nil
}

// isYAML reports whether text is what the YAML file holds now.
func (c *change) isYAML(text []byte) bool {
	f, err := c.fs.OpenFile(c.path+yamlSuffix, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	have := make([]byte, len(text)+1)
	n, err := f.ReadAt(have, 0)
	return err == io.EOF && bytes.Equal(have[:n], text)
}

func (c *change) rename(from, to string) error {
	if err := c.fs.Rename(from, to); err != nil {
		return err
	}
	c.renamed = append(c.renamed, [2]string{from, to})
	return nil
}

// finish undoes what was done if it came to err, else it is step 4. A file that
// cannot be removed costs space, under a name that nothing reads.
func (c *change) finish(err error) error {
	if err == nil {
		c.remove(c.old)
	} else {
		err = errors.Join(err, c.undo())
	}
	c.remove(c.partial) // those not renamed
	return err
}

// undo takes back the renames, last first. It ends at the first that fails, since
// putting NAME.yaml back in the end needs all the others to be back.
func (c *change) undo() error {
	for _, r := range slices.Backward(c.renamed) {
		if err := c.fs.Rename(r[1], r[0]); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) remove(names []string) {
	for _, name := range names {
		_ = c.fs.Remove(name)
	}
}
