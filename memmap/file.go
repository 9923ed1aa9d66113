package memmap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/soastore/soa"
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
	if err := mode.check(); err != nil {
		return nil, err
	}
	var set fileSet
	if err := set.open(path, mode.open()); err != nil {
		return nil, err
	}
	defer set.close()
	f := &File{path: path, info: set.info}
	if err := f.mapParts(&set, mode); err != nil {
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
	var set fileSet
	if err := set.open(path, os.O_RDONLY); err != nil {
		return Info{}, err
	}
	set.close()
	return set.info, nil
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
	info  Info
	yaml  descriptor
	files [maxParts]descriptor // one for each part
	have  int                  // of files
}

func (s *fileSet) close() {
	for i := range s.files[:s.have] {
		s.files[i].close()
	}
	s.yaml.close()
}

// rereads is how often a fileSet is opened anew because the array was replaced.
const rereads = 100

// open opens the files of the array path. A writer takes the YAML file away
// first and puts the new one in place last, so if it is the same file before and
// after the others are opened, all of them belong together. After an error there is
// nothing to close.
func (s *fileSet) open(path string, flag int) error {
	if soa.NativeBigEndian() {
		return fmt.Errorf("memmap: %s: %w: its elements are little-endian, and this machine is not", path, ErrFormat)
	}
	for range rereads {
		if replaced, err := s.tryOpen(path, flag); !replaced {
			return err
		}
	}
	return fmt.Errorf("memmap: %s: %w: it is being replaced again and again", path, ErrNotFound)
}

// tryOpen also tells whether the array was replaced meanwhile. Then, too, there is
// nothing to close.
func (s *fileSet) tryOpen(path string, flag int) (replaced bool, err error) {
	if s.yaml, err = openRegular(path+yamlSuffix, os.O_RDONLY); err != nil {
		return false, notFound(path, err)
	}
	s.have = 0
	err = s.read(path, flag)
	replaced = !s.yaml.untouched()
	if replaced || err != nil {
		s.close()
	}
	return replaced, err
}

func (s *fileSet) read(path string, flag int) (err error) {
	if s.info, err = readYAML(&s.yaml); err != nil {
		return err
	}
	for i, p := range s.info.parts() {
		f := &s.files[i]
		if *f, err = openRegular(path+p.suffix, flag); err != nil {
			return notFound(path, err)
		}
		s.have++
		want, err := p.size()
		if err != nil {
			return err
		}
		if f.size() != want {
			return &SizeError{f.name, f.size(), want}
		}
	}
	return nil
}

func readYAML(f *descriptor) (Info, error) {
	var text [maxYAML + 1]byte
	n, err := f.readAt(text[:], 0)
	if err != nil && err != io.EOF {
		return Info{}, err
	}
	if n > maxYAML {
		return Info{}, &FormatError{f.name, "", fmt.Errorf("it has more than %d bytes", maxYAML)}
	}
	return decodeInfo(f.name, text[:n])
}

// notFound makes an ErrNotFound of the error of a file that is not there.
func notFound(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("memmap: %s: %w: %w", path, ErrNotFound, err)
	}
	return err
}
