package memmap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// File is an open array of either kind whose element types are known at run time
// only. [Array] and [Sparse] are typed forms of it.
//
// Its methods are safe for concurrent use.
type File struct {
	path    string
	info    Info
	regions []*Region // one for each part
	arrays  []soa.Array
}

// OpenFile opens the array path, dense or sparse. Opening reads the YAML file and
// maps the others; of their contents only bool elements are looked at, since Go
// allows no other bytes than 0 and 1 in them.
//
// The error is an ErrNotFound, a *FormatError, a *SizeError (also if a write of
// the array was cut short), an ErrMode, an ErrDType (bool), or an *fs.PathError.
func OpenFile(path string, mode Mode) (*File, error) {
	return openFile(fsys.Path{Stem: path}, mode)
}

// openFile is OpenFile of the array whose files' paths begin with path.
func openFile(path fsys.Path, mode Mode) (*File, error) {
	if err := mode.check(); err != nil {
		return nil, err
	}
	set, err := openSet(path, mode.open())
	if err != nil {
		return nil, err
	}
	defer set.close()
	f := &File{path: path.String(), info: set.info.clone()}
	if err := f.mapParts(set, mode); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) mapParts(set *fileSet, mode Mode) error {
	for i, p := range f.info.parts() {
		r, err := newRegion(&set.files[i], mode, 0, set.files[i].size())
		if err != nil {
			return err
		}
		f.regions = append(f.regions, r)
		var a soa.Array
		if err := Guard(func() (err error) {
			a, err = soa.FromBytes(p.dtype, r.data, p.shape...)
			return err
		}); err != nil {
			return fmt.Errorf("memmap: %s: %w", r.name, err)
		}
		f.arrays = append(f.arrays, a)
	}
	return nil
}

// Info returns what the array is. The caller must not change its Shape.
func (f *File) Info() Info { return f.info }

// Dict returns the mapped arrays by the names of their files' endings: "array",
// or "data", "indices" and "indptr". They must not be used once f is closed. The
// error is an ErrClosed.
func (f *File) Dict() (*soa.Dict, error) {
	if err := f.usable(); err != nil {
		return nil, err
	}
	d := soa.NewDict()
	for i, p := range f.info.parts() {
		d.Set(strings.TrimPrefix(p.suffix, "."), f.arrays[i])
	}
	return d, nil
}

// usable reports whether f is open.
func (f *File) usable() error {
	_, err := f.regions[0].Bytes()
	return err
}

// Sync returns once all changes are on the disk; see [Region.Sync].
func (f *File) Sync() error { return f.each((*Region).Sync) }

// Advise tells the kernel how the memory is going to be used; see
// [Region.Advise].
func (f *File) Advise(a Advice) error {
	return f.each(func(r *Region) error { return r.Advise(a) })
}

// Close gives the memory back, once every other opening of the same files is
// closed too. The error of a second Close is an ErrClosed.
func (f *File) Close() error { return f.each((*Region).Close) }

func (f *File) each(fn func(*Region) error) (err error) {
	for _, r := range f.regions {
		err = errors.Join(err, fn(r))
	}
	return err
}

func (f *File) hold() error {
	for i, r := range f.regions {
		if err := r.hold(); err != nil {
			for _, held := range f.regions[:i] {
				held.release()
			}
			return err
		}
	}
	return nil
}

func (f *File) release() {
	for _, r := range f.regions {
		r.release()
	}
}

// Stat returns what the array path is, without mapping it. The files are there
// and of the right sizes. The errors are those of [OpenFile].
func Stat(path string) (Info, error) {
	set, err := openSet(fsys.Path{Stem: path}, os.O_RDONLY)
	if err != nil {
		return Info{}, err
	}
	defer set.close()
	return set.info.clone(), nil
}

// Exists reports whether there is an array path, dense or sparse. The error is
// that of [OpenFile] if there is something that could not be opened.
func Exists(path string) (bool, error) {
	switch _, err := Stat(path); {
	case errors.Is(err, ErrNotFound):
		return false, nil
	default:
		return err == nil, err
	}
}

// A fileSet is the open files of one array, that belong together.
type fileSet struct {
	info  Info // whose shape is gone once the set is closed
	yaml  descriptor
	files [maxParts]descriptor // one for each part
	have  int                  // of files

	text  [maxYAML]byte // memory for the YAML file
	shape [maxDims]int  // and for info
}

// fileSets are closed, with their memory.
var fileSets = sync.Pool{New: func() any { return new(fileSet) }}

// rereads is how often something is opened anew because it was replaced.
const rereads = 100

// openSet opens the files of the array whose files' paths begin with path. A writer
// takes the YAML file away first and puts the new one in place last, so if it is the
// same file before and after the others are opened, all of them belong together.
func openSet(path fsys.Path, flag int) (*fileSet, error) {
	if soa.NativeBigEndian() {
		return nil, fmt.Errorf("memmap: %s: %w: its elements are little-endian, and this machine is not", path, ErrFormat)
	}
	s := fileSets.Get().(*fileSet)
	for range rereads {
		switch replaced, err := s.tryOpen(path, flag); {
		case replaced:
		case err != nil:
			fileSets.Put(s)
			return nil, err
		default:
			return s, nil
		}
	}
	fileSets.Put(s)
	return nil, replacedAgain(path)
}

func replacedAgain(path fsys.Path) error {
	return fmt.Errorf("memmap: %s: %w: it is being replaced again and again", path, ErrNotFound)
}

func (s *fileSet) close() {
	s.closeFiles()
	fileSets.Put(s)
}

func (s *fileSet) closeFiles() {
	for i := range s.files[:s.have] {
		s.files[i].close()
	}
	s.yaml.close()
}

// tryOpen also tells whether the array was replaced meanwhile. Then, and after an error,
// no file is open.
func (s *fileSet) tryOpen(path fsys.Path, flag int) (replaced bool, err error) {
	if s.yaml, err = openRegular(path.With(yamlSuffix), os.O_RDONLY); err != nil {
		return false, notFound(path, err)
	}
	s.have = 0
	err = s.read(path, flag)
	replaced = !s.yaml.untouched()
	if replaced || err != nil {
		s.closeFiles()
	}
	return replaced, err
}

func (s *fileSet) read(path fsys.Path, flag int) (err error) {
	if err = s.readYAML(); err != nil {
		return err
	}
	for i, p := range s.info.parts() {
		f := &s.files[i]
		if *f, err = openRegular(path.With(p.suffix), flag); err != nil {
			return notFound(path, err)
		}
		s.have++
		want, err := p.size()
		if err != nil {
			return err
		}
		if f.size() != want {
			return &SizeError{f.name(), f.size(), want}
		}
	}
	return nil
}

// readYAML reads as many bytes as the file had when it was opened. That it has another
// length by now shows in untouched.
func (s *fileSet) readYAML() error {
	f := &s.yaml
	if f.size() > maxYAML {
		return &FormatError{f.name(), "", fmt.Errorf("it has more than %d bytes", maxYAML)}
	}
	n, err := f.readAt(s.text[:f.size()], 0)
	if err != nil && err != io.EOF {
		return err
	}
	s.info, err = decodeInfo(f.path, s.text[:n], s.shape[:0])
	return err
}

// notFound makes an ErrNotFound of the error of a file that is not there.
func notFound(path fsys.Path, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("memmap: %s: %w: %w", path, ErrNotFound, err)
	}
	return err
}
