package memmap

import (
	"errors"
	"fmt"
	"os"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// Options says how files are created. The zero value works.
type Options struct {
	// Reserve makes Create allocate the file's space on the disk, so that a full
	// disk is an error of Create and not a fault when the memory is written to.
	// The default is a hole: creation takes no time and no space.
	Reserve bool

	// Sync makes a function return only when what it wrote would survive a crash of
	// the machine. The default leaves the time to the system.
	Sync bool
}

// Create makes the files path.yaml and path.array of a dense array of zeros, mode
// 0600. Each extent is 0 or more. daf reads real types with one or two extents
// above 0; more dimensions, extents of 0 and complex numbers are for others.
//
// An array of that name, of either kind, is replaced, and stays as it was if
// Create fails. Who has it open keeps the old one. The error is an ErrDType, an
// ErrShape, or the system's: ENOSPC with [Options.Reserve] on a full disk, for
// example.
func Create(path string, dtype soa.DType, shape []int, o Options) error {
	return create(fsys.OS, path, dtype, shape, o)
}

func create(files fsys.FS, path string, dtype soa.DType, shape []int, o Options) error {
	in := Info{DType: dtype, Shape: shape}
	return put(files, path, in, o, func(p part) func(fsys.File) error {
		return func(f fsys.File) error {
			size, err := p.size()
			if err != nil || !o.Reserve {
				return errors.Join(err, f.Truncate(size))
			}
			return reserve(f, size)
		}
	})
}

// Write is [Create] of an array that has the shape and the elements of a. A
// 0-dimensional one is an ErrShape.
func Write(path string, a soa.Array, o Options) error {
	in := Info{DType: a.DType(), Shape: a.Shape()}
	return put(fsys.OS, path, in, o, func(part) func(fsys.File) error {
		return writeBytes(a.Bytes())
	})
}

// put makes the files of an array of which fill gives the contents.
func put(files fsys.FS, path string, in Info, o Options, fill func(part) func(fsys.File) error) error {
	if field, err := in.check(); err != nil {
		return fmt.Errorf("memmap: create %s: %s: %w", path, field, err)
	}
	if soa.NativeBigEndian() {
		return fmt.Errorf("memmap: create %s: %w: its elements are little-endian, and this machine is not", path, ErrFormat)
	}
	var write []func(fsys.File) error
	for _, p := range in.parts() {
		write = append(write, fill(p))
	}
	return replace(files, path, in, write, o)
}

func writeBytes(b []byte) func(fsys.File) error {
	return func(f fsys.File) error {
		if len(b) == 0 {
			return nil
		}
		_, err := f.WriteAt(b, 0)
		return err
	}
}

// reserve gives the empty file f a size and the disk space for it.
func reserve(f fsys.File, size int64) error {
	err := f.Allocate(0, size)
	if errors.Is(err, errors.ErrUnsupported) {
		return writeZeros(f, size)
	}
	return err
}

// writeZeros is reserve for file systems that can allocate only what is written.
func writeZeros(f fsys.File, size int64) error {
	zeros := make([]byte, min(size, 1<<20))
	for off := int64(0); off < size; off += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(size-off, int64(len(zeros)))], off); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes the array path: its files of either kind, also what a write that
// was cut short left of them. Who has it open keeps it. The error is an
// ErrNotFound if there is no such file.
func Remove(path string) error { return remove(fsys.OS, path) }

// remove begins with the YAML file, so that what a failure leaves is no array.
func remove(files fsys.FS, path string) error {
	var errs []error
	missing := 0
	for _, suffix := range suffixes {
		switch err := files.Remove(path + suffix); {
		case errors.Is(err, os.ErrNotExist):
			missing++
		case err != nil:
			errs = append(errs, err)
		}
		if suffix == yamlSuffix && len(errs) > 0 {
			return errs[0]
		}
	}
	if missing == len(suffixes) {
		return fmt.Errorf("memmap: remove %s: %w", path, ErrNotFound)
	}
	return errors.Join(errs...)
}
