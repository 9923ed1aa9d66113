package main

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/soastore/soa"
)

// errNone is of what plain files and copies are not asked for.
var errNone = errors.New("no such operation")

// rawFiles keeps values as plain files: the bytes of the columns, one after the other.
// A Set writes over the file that is there.
type rawFiles struct {
	path    string
	threads int
	like    *soa.Dict // a value of the shape that all have
}

// piece is a part of a column, and where it is in the file.
type piece struct {
	bytes []byte
	at    int64
}

// cut divides the bytes of d's columns among goroutines, evenly and in order.
func cut(d *soa.Dict, goroutines int) [][]piece {
	parts := make([][]piece, goroutines)
	size, at := d.NBytes(), 0
	for _, a := range d.All() {
		for b := a.Bytes(); len(b) > 0; {
			part := min(at/(size/goroutines+1), goroutines-1)
			end := min(len(b), (part+1)*(size/goroutines+1)-at)
			parts[part] = append(parts[part], piece{b[:end], int64(at)})
			b, at = b[end:], at+end
		}
	}
	return parts
}

// together calls fn for the pieces of each part, the parts at once.
func together(parts [][]piece, fn func(piece) error) error {
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			for _, p := range part {
				if err := fn(p); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (f *rawFiles) name(key string) string { return f.path + "-" + key }

func (f *rawFiles) Set(key string, d *soa.Dict) error {
	file, err := os.OpenFile(f.name(key), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = together(cut(d, f.threads), func(p piece) error {
		_, err := file.WriteAt(p.bytes, p.at)
		return err
	})
	return errors.Join(err, file.Close())
}

func (f *rawFiles) GetInto(key string, d *soa.Dict) error {
	if d.Len() == 0 {
		for name, a := range f.like.All() {
			d.Set(name, a.Clone())
		}
	}
	file, err := os.Open(f.name(key))
	if err != nil {
		return err
	}
	err = together(cut(d, f.threads), func(p piece) error {
		_, err := file.ReadAt(p.bytes, p.at)
		return err
	})
	return errors.Join(err, file.Close())
}

func (f *rawFiles) View(key string, _ []string, fn func(*soa.Dict) error) error {
	file, err := os.Open(f.name(key))
	if err != nil {
		return err
	}
	defer file.Close() // read only
	mapped, err := syscall.Mmap(int(file.Fd()), 0, f.like.NBytes(), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	d, err := shaped(mapped, f.like)
	if err == nil {
		err = fn(d)
	}
	return errors.Join(err, syscall.Munmap(mapped))
}

// shaped returns columns like those of a value, in the memory of b.
func shaped(b []byte, like *soa.Dict) (*soa.Dict, error) {
	d := soa.NewDict()
	for name, a := range like.All() {
		column, err := soa.FromBytes(a.DType(), b[:a.NBytes()], a.Shape()...)
		if err != nil {
			return nil, err
		}
		d.Set(name, column)
		b = b[a.NBytes():]
	}
	return d, nil
}

func (f *rawFiles) Remove(key string) error { return os.Remove(f.name(key)) }
func (f *rawFiles) Close() error            { return nil }

func (f *rawFiles) Get(string) (*soa.Dict, error)                 { return nil, errNone }
func (f *rawFiles) GetField(string, ...string) (*soa.Dict, error) { return nil, errNone }
