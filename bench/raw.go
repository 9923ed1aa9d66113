package main

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/fsys"
)

// errNone is of what plain files and copies are not asked for.
var errNone = errors.New("no such operation")

// rawFiles keeps values as plain files: the bytes of the columns, one after the other.
// A Set writes over the file that is there. Small values are moved by one call.
type rawFiles struct {
	path      string
	threads   int
	like      *soa.Dict // a value of the shape that all have
	summed    bool      // each block is checksummed before it is written
	exchanged bool      // a Set writes over a second file, and exchanges their names
	small     []byte    // room for a small value
	field     *soa.Dict // what GetField reads into
}

// smallBytes is the size of the largest value that is moved by one call.
const smallBytes = 64 << 10

// move calls fn for pieces of d that are to be moved. Those of a small value are put
// together before, if out, or taken apart after.
func (f *rawFiles) move(d *soa.Dict, out bool, fn func(piece) error) error {
	parts := cut(d, f.threads)
	if d.NBytes() > smallBytes {
		return together(parts, fn)
	}
	if f.small == nil {
		f.small = make([]byte, d.NBytes())
	}
	if out {
		eachPiece(parts, func(p piece) { copy(f.small[p.at:], p.bytes) })
		return fn(piece{f.small, 0})
	}
	if err := fn(piece{f.small, 0}); err != nil {
		return err
	}
	eachPiece(parts, func(p piece) { copy(p.bytes, f.small[p.at:]) })
	return nil
}

func eachPiece(parts [][]piece, fn func(piece)) {
	for _, part := range parts {
		for _, p := range part {
			fn(p)
		}
	}
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

// shape gives d the columns of like, with memory of their own, if it has none.
func shape(d, like *soa.Dict) {
	if d.Len() == 0 {
		for name, a := range like.All() {
			d.Set(name, a.Clone())
		}
	}
}

func (f *rawFiles) name(key string) string { return f.path + "-" + key }

func (f *rawFiles) Set(key string, d *soa.Dict) error {
	name := f.name(key)
	if f.exchanged {
		name += spare
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	write := file.WriteAt
	if f.summed {
		write = summed(file.WriteAt)
	}
	err = f.move(d, true, func(p piece) error {
		_, err := write(p.bytes, p.at)
		return err
	})
	err = errors.Join(err, file.Close())
	if err == nil && f.exchanged {
		err = exchange(name, f.name(key))
	}
	return err
}

// spare is at the end of the name of a key's second file.
const spare = "-spare"

// exchange makes each of two names the other's, or the first the second if that is not
// there.
func exchange(a, b string) error {
	err := fsys.OS.Exchange(a, b)
	if errors.Is(err, os.ErrNotExist) {
		return os.Rename(a, b)
	}
	return err
}

// summed checksums blocks, and writes each while it is in cache.
func summed(write func([]byte, int64) (int, error)) func([]byte, int64) (int, error) {
	const block = 256 << 10
	return func(b []byte, at int64) (n int, err error) {
		for crc := uint64(0); len(b) > 0 && err == nil; {
			part := b[:min(len(b), block)]
			crc = crc64.Update(crc, part)
			_, err = write(part, at+int64(n))
			b, n = b[len(part):], n+len(part)
		}
		return n, err
	}
}

func (f *rawFiles) GetInto(key string, d *soa.Dict) error {
	shape(d, f.like)
	file, err := os.Open(f.name(key))
	if err != nil {
		return err
	}
	err = f.move(d, false, func(p piece) error {
		_, err := file.ReadAt(p.bytes, p.at)
		return err
	})
	return errors.Join(err, file.Close())
}

// logFile keeps values of one size in a single plain file, each where it was first put,
// and moves each by one call.
type logFile struct {
	*os.File
	like   *soa.Dict // a value of the shape that all have
	buf    []byte
	places map[string]int64
}

func openLog(path string, like *soa.Dict) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return &logFile{file, like, make([]byte, like.NBytes()), map[string]int64{}}, err
}

func (l *logFile) Set(key string, d *soa.Dict) error {
	at, ok := l.places[key]
	if !ok {
		at = int64(len(l.places) * len(l.buf))
		l.places[key] = at
	}
	eachPiece(cut(d, 1), func(p piece) { copy(l.buf[p.at:], p.bytes) })
	_, err := l.WriteAt(l.buf, at)
	return err
}

func (l *logFile) GetInto(key string, d *soa.Dict) error {
	shape(d, l.like)
	_, err := l.ReadAt(l.buf, l.places[key])
	eachPiece(cut(d, 1), func(p piece) { copy(p.bytes, l.buf[p.at:]) })
	return err
}

// Remove makes the file empty: what is removed is all.
func (l *logFile) Remove(string) error {
	clear(l.places)
	return l.Truncate(0)
}

func (l *logFile) Close() error { return errors.Join(l.File.Close(), os.Remove(l.Name())) }

func (l *logFile) Get(string) (*soa.Dict, error)                 { return nil, errNone }
func (l *logFile) GetField(string, ...string) (*soa.Dict, error) { return nil, errNone }

// View copies: a value need not be aligned in the file.
func (l *logFile) View(key string, _ []string, fn func(*soa.Dict) error) error {
	d := soa.NewDict()
	if err := l.GetInto(key, d); err != nil {
		return err
	}
	return fn(d)
}

// GetField reads one column into memory in use.
func (f *rawFiles) GetField(key string, names ...string) (*soa.Dict, error) {
	file, err := os.Open(f.name(key))
	if err != nil {
		return nil, err
	}
	if f.field == nil {
		f.field = soa.NewDict()
	}
	at := int64(0)
	for name, a := range f.like.All() {
		if name == names[0] {
			have, _ := f.field.Get(name)
			to, _ := have.Resize(a.DType(), a.Shape()...) // a shape that there is
			f.field.Set(name, to)
			_, err = file.ReadAt(to.Bytes(), at)
		}
		at += int64(a.NBytes())
	}
	return f.field, errors.Join(err, file.Close())
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

// Remove removes a key's files; there is no second one after its first Set.
func (f *rawFiles) Remove(key string) error {
	err := os.Remove(f.name(key))
	if !f.exchanged {
		return err
	}
	if second := os.Remove(f.name(key) + spare); !errors.Is(second, os.ErrNotExist) {
		err = errors.Join(err, second)
	}
	return err
}

func (f *rawFiles) Close() error { return nil }

func (f *rawFiles) Get(string) (*soa.Dict, error) { return nil, errNone }
