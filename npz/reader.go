package npz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/together"
)

// Reader reads the fields of a .npz file. Its methods may be called by several
// goroutines at once.
type Reader struct {
	src     io.ReaderAt
	size    int64
	comment string
	members []*member
	all     []member       // what members point to
	index   map[string]int // position of a field in members; nil while there are few
}

// few is up to how many fields are found sooner by looking at each than in a map.
const few = 16

// NewReader returns a Reader of the .npz file of size bytes that src holds. It
// reads the archive's directory, not the members. The error is an ErrFormat if
// the file is cut short, damaged or no zip archive; if two members are of one
// field or overlap; if one is encrypted or packed in a way NumPy does not know;
// or if its name is neither ASCII nor marked as UTF-8. It is an ErrName too for a
// field name that [Write] would refuse.
func NewReader(src io.ReaderAt, size int64) (*Reader, error) {
	r := new(Reader)
	if err := r.Reset(src, size); err != nil {
		return nil, err
	}
	return r, nil
}

// Reset makes r, which may be the zero Reader, one of another file, as NewReader does,
// but in the memory that r has already. Nothing else may use r meanwhile. After an
// error it is good for another Reset only.
func (r *Reader) Reset(src io.ReaderAt, size int64) error {
	*r = Reader{src: src, size: size, all: r.all, members: r.members}
	if err := r.readDirectory(); err != nil {
		return fmt.Errorf("npz: %w", err)
	}
	members := r.members
	if len(members) > few {
		r.index = make(map[string]int, len(members))
	}
	r.members = members[:0]
	for _, m := range members {
		if err := r.add(m); err != nil {
			return &FieldError{Field: m.field(), Err: err}
		}
	}
	return nil
}

func (r *Reader) add(m *member) error {
	if strings.HasSuffix(m.name, "/") && m.plain == 0 {
		return nil // a folder, which some programs add
	}
	if err := checkName(m.field()); err != nil {
		return formatf("%w", err)
	}
	if r.Has(m.field()) {
		return formatf("two members are of this name")
	}
	if r.index != nil {
		r.index[m.field()] = len(r.members)
	}
	r.members = append(r.members, m)
	return nil
}

// find returns the position of the field name, -1 if it is not there.
func (r *Reader) find(name string) int {
	if r.index == nil {
		return slices.IndexFunc(r.members, func(m *member) bool { return m.field() == name })
	}
	if i, ok := r.index[name]; ok {
		return i
	}
	return -1
}

// Comment returns the archive's comment, as [Options] gave it to [Write].
func (r *Reader) Comment() string { return r.comment }

// Names returns the names of all fields, in the order of the file, as a slice of
// the caller's own. It reads nothing.
func (r *Reader) Names() []string {
	names := make([]string, len(r.members))
	for i, m := range r.members {
		names[i] = m.field()
	}
	return names
}

// Has reports whether there is a field name. It reads nothing.
func (r *Reader) Has(name string) bool { return r.find(name) >= 0 }

// Field describes a field as it is in the file.
type Field struct {
	Name      string
	Descr     string    // NumPy's, as it is in the file: "<f4"; "" for a member that is no array
	DType     soa.DType // Invalid if package soa does not have it: then it cannot be read
	Shape     []int
	Fortran   bool // in the file; what is read is in C order
	BigEndian bool // in the file; what is read is in native order
	Method    Method
	Packed    int64 // bytes in the archive, of the .npy header too
	Plain     int64 // bytes inflated; as Packed if Stored
	Offset    int64 // in the archive, of the first element; -1 if Deflated
}

// Field describes the field name. It reads its headers, but only once. The error
// is a *soa.FieldError if there is no such field, else a *FieldError.
func (r *Reader) Field(name string) (Field, error) {
	members, err := r.pick([]string{name})
	if err != nil {
		return Field{}, err
	}
	return r.describe(members[0])
}

// Fields describes all fields that can be described, in the order of the file,
// and joins the errors of the others.
func (r *Reader) Fields() ([]Field, error) {
	var errs []error
	fields := make([]Field, 0, len(r.members))
	for _, m := range r.members {
		f, err := r.describe(m)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fields = append(fields, f)
	}
	return fields, errors.Join(errs...)
}

func (r *Reader) describe(m *member) (Field, error) {
	l, err := m.load(r.src, nil)
	if err != nil {
		return Field{}, err
	}
	f := Field{
		Name: m.field(), Descr: l.descr, DType: l.dtype, Shape: slices.Clone(l.shape),
		Fortran: l.fortran, BigEndian: l.bigEndian,
		Method: m.method, Packed: m.packed, Plain: m.plain, Offset: -1,
	}
	if m.method == Stored {
		f.Offset = l.body + l.size
	}
	return f, nil
}

// Read reads the named fields, or all if no names are given. Afterwards into
// holds these fields and no others, in the order of names, or of the file.
//
// Arrays that into has under these names give their memory to what is read if it
// is large enough, so that a Dict which is read into again and again allocates
// once; they must be writable and share no memory with each other. Stored
// elements go from the file into that memory without a copy between. Large fields
// are read several at a time, on as many processors as there are.
//
// The error is a *soa.FieldError for a name that the file does not have, and
// else a *FieldError: ErrDType, ErrFormat, ErrChecksum, ctx's, or that of
// reading src. Then into has the names, types and shapes it had before, and the
// elements of its arrays of the named fields are undefined.
func (r *Reader) Read(ctx context.Context, into *soa.Dict, names ...string) error {
	members, err := r.arrays(names)
	if err != nil {
		return err
	}
	arrays := make([]soa.Array, len(members))
	for i, m := range members {
		arrays[i], _ = into.Get(m.field())
	}
	if err := r.readMembers(ctx, members, arrays); err != nil {
		return err
	}
	into.Clear()
	for i, m := range members {
		into.Set(m.field(), arrays[i])
	}
	return nil
}

// manyBytes is how much there must be to read before it is worth a goroutine each
// member.
const manyBytes = 1 << 20

// readMembers reads each of the members into the memory of its array, and replaces
// the arrays by what was read.
func (r *Reader) readMembers(ctx context.Context, members []*member, arrays []soa.Array) error {
	size := int64(0)
	for _, m := range members {
		size += m.plain
	}
	if size >= manyBytes {
		return r.readAtOnce(ctx, members, arrays)
	}
	for i, m := range members {
		var err error
		if arrays[i], err = m.read(ctx, r.src, arrays[i]); err != nil {
			return err
		}
	}
	return nil
}

// readAtOnce is readMembers on several processors.
func (r *Reader) readAtOnce(ctx context.Context, members []*member, arrays []soa.Array) error {
	return together.Do(sizesOf(members), func(i int) (err error) {
		arrays[i], err = members[i].read(ctx, r.src, arrays[i])
		return err
	})
}

// sizesOf returns the bytes that each of the members comes to.
func sizesOf(members []*member) []int64 {
	sizes := make([]int64, len(members))
	for i, m := range members {
		sizes[i] = m.plain
	}
	return sizes
}

// pick returns the members of the named fields, or all if no names are given.
func (r *Reader) pick(names []string) ([]*member, error) {
	isOf := func(m *member, name string) bool { return m.field() == name }
	if len(names) == 0 || slices.EqualFunc(r.members, names, isOf) {
		return r.members, nil
	}
	members := make([]*member, len(names))
	seen := make([]bool, len(r.members))
	for i, name := range names {
		at := r.find(name)
		if at < 0 {
			return nil, &soa.FieldError{Field: name, Have: r.Names()}
		}
		if seen[at] {
			return nil, fmt.Errorf("npz: %w: %q is asked for twice", soa.ErrField, name)
		}
		members[i], seen[at] = r.members[at], true
	}
	return members, nil
}

// arrays is pick for fields that must be arrays of known type, with their headers
// read.
func (r *Reader) arrays(names []string) ([]*member, error) {
	members, err := r.pick(names)
	if err != nil {
		return nil, err
	}
	var like *member // columns are often alike
	for _, m := range members {
		l, err := m.load(r.src, like)
		if err != nil {
			return nil, err
		}
		if !l.dtype.Valid() {
			return nil, m.failed(l, ErrDType)
		}
		like = m
	}
	return members, nil
}
