package soastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/fsys"
)

// A format is how the values of a store lie in files.
type format interface {
	// compress takes the codec that Options name, or reports that the format has no
	// such.
	compress(c codecChoice) error
	// check reports what in d the format cannot hold.
	check(d *soa.Dict) error
	// stage writes this rank's rows of d through ch, as call's key, without
	// touching what readers of old (nil if there is none) look at, and plans the
	// change that makes them visible. If ranks share files it is collective among
	// those that do.
	stage(call *call, ch *change, d *soa.Dict, old *entry) (files, error)
	// remove plans the removal of a value's files, as far as they are this rank's.
	remove(ch *change, key string, f files)
	// open opens a value for reading.
	open(key string, f files) (reader, error)
	// start and stop begin and end the use of what values are kept in, beyond files
	// of their own; before start nothing else is called. stop(true) removes it if
	// there is no value left in it.
	start() error
	stop(remove bool) error
	// list returns the names of the files that hold values, or would if there were
	// such files: of those that no other rank lists.
	list() ([]string, error)
	// existing returns the values among the files that all ranks list.
	existing(found []fileName) map[string]files
	// committers returns how many ranks make a change visible.
	committers() int
	// folders reports whether names are those of folders, not of files.
	folders() bool
	// prefix returns what the names of files that are named after keys begin with, ""
	// if there are none.
	prefix() string
	// usage returns the bytes of what values are kept in that are in use, and those
	// that values can be written over; ok is false if values have files of their own.
	usage() (disk, spare int64, ok bool)
	// testify returns what this rank knows of the Sets that key's value is of, from
	// what is found, and a function that goes back to the one of a given stamp.
	testify(key string, found []fileName) (witness, func(stamp string) error)
}

// files says where the rows of this rank are.
type files struct {
	data  string   // the file that holds them; "" to find it through the index
	part  int      // which of data's parts they are
	mine  []string // the files that count as this rank's
	size  int64    // bytes of those
	extra []string // files besides the index that this rank removes with the value

	base    int   // the lowest partition number in use, of a value of this store's
	torn    error // why a value found on disk cannot be read
	missing bool  // the file that this rank would change is not there
}

// A reader reads this rank's rows of one value.
type reader interface {
	// fields returns the names of all fields, in order.
	fields() []string
	// lazy reports whether the others open files, which must be there still.
	lazy() bool
	// get returns the named fields, in order.
	get(ctx context.Context, names []string) (*soa.Dict, error)
	// read reads the named fields into the arrays that d has of them, if they are
	// large enough, else into fresh ones.
	read(ctx context.Context, d *soa.Dict, names []string) error
	// view calls fn with the named fields, which end with it, after checking their
	// checksums unless it is told not to.
	view(ctx context.Context, names []string, check bool, fn func(*soa.Dict) error) error
	close() error
}

// check reports what is wrong with a key and a value, on this rank.
func (s *Spill) check(key string, d *soa.Dict) error {
	longest := maxKey
	if s.opts.below {
		longest += maxID
	}
	if err := checkKey(s.format.prefix(), key, longest); err != nil {
		return err
	}
	if err := checkValue(key, d); err != nil {
		return err
	}
	return s.format.check(d)
}

// checkValue reports what no store can hold.
func checkValue(key string, d *soa.Dict) error {
	if d.Len() == 0 {
		return fmt.Errorf("%w: the value has no fields", ErrNoField)
	}
	for name, a := range d.All() {
		if !a.DType().Valid() {
			return &Error{Op: "set", Key: key, Field: name, Err: fmt.Errorf("%w: the array is the zero Array", ErrDType)}
		}
	}
	return nil
}

// smallFile is the size up to which a file is read at once.
const smallFile = 64 << 10

// An openFile is a file that is open for reading. One that is small is read whole,
// which is one call instead of one for each header and column. It can be opened again
// once it is closed.
type openFile struct {
	fsys.File
	size    int64
	src     io.ReaderAt // what to read the file from: File, or content
	content fsys.Content
	buf     []byte // the memory of content, kept
}

func (f *openFile) open(files fsys.FS, name string) (err error) {
	if f.File, err = files.OpenFile(name, os.O_RDONLY); err != nil {
		return err
	}
	f.src = f.File
	if f.size, err = f.Size(); err == nil && f.size <= smallFile {
		err = f.readAhead()
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

func (f *openFile) readAhead() error {
	f.buf = slices.Grow(f.buf[:0], int(f.size))[:f.size]
	n, err := f.ReadAt(f.buf, 0)
	if int64(n) < f.size && err != io.EOF { // which is left to the format to find
		return err
	}
	f.content = f.buf[:n]
	f.src = &f.content
	return nil
}

// getFresh is reader.get by reader.read.
func getFresh(ctx context.Context, r reader, names []string) (*soa.Dict, error) {
	d := soa.NewDict()
	if len(names) == 0 { // which read takes for all
		return d, nil
	}
	return d, r.read(ctx, d, names)
}

// schemaOf describes what of a value is the same on all ranks: the names and types
// of its fields, in whatever order. A rank by itself has nothing to compare it with.
func schemaOf(c comm.Comm, d *soa.Dict) string {
	if c.Size() == 1 {
		return ""
	}
	var fields []string
	for name, a := range d.All() {
		fields = append(fields, fmt.Sprintf("%q %v", name, a.DType()))
	}
	slices.Sort(fields)
	return strings.Join(fields, ", ")
}
