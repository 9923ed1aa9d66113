package tier

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/soastore/soa"
	"github.com/stretchr/testify/require"
)

// spread returns Tiers with a value "x" of which one column is raw, one packed and one
// only below, and all of memory is in use.
func spread(t *testing.T) *tiers {
	tt := newTiers(t, Options{Memory: 1000, Compressed: 900})
	d := smooth(1, 400, 400)
	d.Set("noise", soa.Of(noise(1, 200)))
	tt.put(t, "x", d)
	tt.get(t, "x", "b")
	tt.put(t, "y", noisy(2, 600))
	p, _ := tt.Where("x")
	require.Equal(t, Place{Raw: []string{"b"}, Packed: []string{"a"}, Absent: []string{"noise"}, Below: true, Disk: p.Disk}, p)
	return tt
}

// TestReadsAcrossTiers: each kind of read takes each column from where it is, in the
// order asked for.
func TestReadsAcrossTiers(t *testing.T) {
	names := []string{"noise", "b", "a"}
	lifted := map[string]map[bool]int{"get": {false: 3}, "read": {false: 3}, "view": {false: 2}}
	for _, pinned := range []bool{true, false} { // so that nothing, or all, is promoted
		for name, read := range map[string]func(*testing.T, *tiers){
			"get": func(t *testing.T, tt *tiers) { tt.get(t, "x", names...) },
			"read": func(t *testing.T, tt *tiers) {
				into := smooth(7, 400, 100)
				into.Set("other", soa.Of([]int8{1}))
				a, _ := into.Get("a")
				require.NoError(t, tt.Read(background, "x", into, names))
				tt.equal(t, "x", names, into)
				got, _ := into.Get("a")
				require.Same(t, &a.Bytes()[0], &got.Bytes()[0], "the memory that fits is used")
				for _, a := range into.All() {
					clear(a.Bytes()) // the caller's own
				}
			},
			"view": func(t *testing.T, tt *tiers) {
				called := errors.New("called")
				require.Equal(t, called, tt.View(background, "x", names, func(d *soa.Dict) error {
					tt.equal(t, "x", names, d)
					tt.get(t, "x", "b") // no lock is held
					return called
				}))
			},
		} {
			t.Run(name, func(t *testing.T) {
				tt := spread(t)
				if pinned {
					require.NoError(t, tt.Pin(background, "y"))
					tt.put(t, "z", noisy(3, 400)) // in place of x.b
					require.NoError(t, tt.Pin(background, "z"))
				}
				read(t, tt)
				p, _ := tt.Where("x")
				require.Len(t, p.Raw, lifted[name][pinned])
				tt.check(t, true)
				tt.whole(t)
			})
		}
	}
}

// TestReadErrors: what is not there, and what fails below.
func TestReadErrors(t *testing.T) {
	tt := spread(t)
	_, err := tt.Get(background, "none", nil)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, `"none"`)
	_, err = tt.Get(background, "x", []string{"a", "q"})
	var field *soa.FieldError
	require.ErrorAs(t, err, &field)
	require.Equal(t, soa.FieldError{Field: "q", Have: []string{"a", "b", "noise"}}, *field)
	_, err = tt.Get(background, "x", []string{"a", "a"})
	require.ErrorIs(t, err, soa.ErrField)
	d, err := tt.Get(background, "x", []string{})
	require.NoError(t, err)
	require.Zero(t, d.Len())

	tt.files.on(failing("read"))
	_, err = tt.Get(background, "x", nil)
	require.ErrorIs(t, err, errDisk)
	require.ErrorContains(t, err, `"x"`)
	require.ErrorIs(t, tt.Read(background, "x", soa.NewDict(), nil), errDisk)
	require.ErrorIs(t, tt.Promote(background, "x"), errDisk)
	require.ErrorIs(t, tt.Pin(background, "x"), errDisk)
	tt.get(t, "x", "a", "b")
	tt.check(t, true)
	tt.whole(t)
	tt.files.on(nil)
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err = tt.Get(ctx, "x", nil)
	require.ErrorIs(t, err, context.Canceled)
	tt.check(t, true)
}

// TestEvictAndPromote: explicitly, by value.
func TestEvictAndPromote(t *testing.T) {
	tt := newTiers(t, Options{Memory: 1000, Compressed: 200})
	d := smooth(1, 400)
	d.Set("noise", soa.Of(noise(1, 400)))
	d.Set("none", soa.Of([]int64{}))
	tt.put(t, "x", d)
	require.NoError(t, tt.Evict(background, "x"))
	p, _ := tt.Where("x")
	require.Equal(t, Place{Raw: []string{"none"}, Packed: []string{"a"}, Absent: []string{"noise"}, Below: true, Disk: p.Disk}, p)
	tt.check(t, true)
	require.NoError(t, tt.Promote(background, "x"))
	require.Equal(t, []string{"x"}, tt.raw(t))
	require.NoError(t, tt.Promote(background, "x"))
	require.ErrorIs(t, tt.Evict(background, "none"), ErrNotFound)
	require.ErrorIs(t, tt.Promote(background, "none"), ErrNotFound)
	tt.check(t, true)
	tt.whole(t)
	require.Equal(t, []string{"x"}, tt.files.recorded(&tt.files.puts), "once")
}

// TestDeletedWhileRead: a value that is deleted during a read is not found, rather than
// broken.
func TestDeletedWhileRead(t *testing.T) {
	tt := newTiers(t, Options{Memory: 10})
	tt.put(t, "x", noisy(1, 100))
	tt.files.on(func(_ context.Context, op, _ string) error {
		if op == "read" || op == "view" {
			return tt.Delete("x")
		}
		return nil
	})
	_, err := tt.Get(background, "x", nil)
	require.ErrorIs(t, err, ErrNotFound)
	tt.check(t, true)
	tt.files.on(nil)
	tt.put(t, "x", noisy(1, 100))
	tt.files.on(func(_ context.Context, op, _ string) error {
		if op == "view" {
			return tt.Delete("x")
		}
		return nil
	})
	require.ErrorIs(t, tt.View(background, "x", nil, func(*soa.Dict) error { return nil }), ErrNotFound)
	tt.check(t, true)
}

// TestReadInPlace: what fits is read into the caller's own arrays, wherever it comes
// from, and a Dict of just these fields has nothing else to do with it.
func TestReadInPlace(t *testing.T) {
	const n = parallel / 2 // so that all columns together are copied and decoded in parallel
	for name, opts := range map[string]Options{
		"raw": {Memory: -1}, "packed": {Compressed: -1}, "below": {}, "packed, then below": {Compressed: 2000},
	} {
		for _, n := range []int{10, 1000, n} {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				tt := newTiers(t, opts)
				tt.put(t, "x", smooth(1, n, n, n))
				into := smooth(9, n, n, n)
				before := into.Share()
				for range 2 {
					for _, a := range into.All() {
						clear(a.Bytes())
					}
					require.NoError(t, tt.Read(background, "x", into, nil))
					tt.equal(t, "x", nil, into)
					for name, a := range into.All() {
						old, _ := before.Get(name)
						require.Same(t, &old.Bytes()[0], &a.Bytes()[0], name)
					}
				}
				tt.whole(t)
			})
		}
	}
}

// TestReadOfMany: values of more columns than are looked through one by one.
func TestReadOfMany(t *testing.T) {
	tt := newTiers(t, Options{Memory: 100})
	d := soa.NewDict()
	for i := range 2 * few {
		d.Set(fmt.Sprint(i), soa.Of(noise(byte(i), 5)))
	}
	tt.put(t, "x", d)
	tt.get(t, "x")
	tt.get(t, "x", "31", "0", "17")
	_, err := tt.Get(background, "x", []string{"32"})
	require.ErrorIs(t, err, soa.ErrField)
	require.NoError(t, tt.Delete("x"))
	require.NoError(t, tt.Adopt("y", fieldsOf(d), 0))
	require.ErrorIs(t, tt.Adopt("z", append(fieldsOf(d), Field{Name: "3", DType: soa.Int8}), 0), soa.ErrField)
}

// TestSmallCallsAllocateLittle: not in proportion to the columns.
func TestSmallCallsAllocateLittle(t *testing.T) {
	tt := inMemory(t, Options{Memory: -1})
	d, into := noisy(1, 40, 40, 40, 40, 40, 40, 40, 40), soa.NewDict()
	require.NoError(t, tt.Put(background, "x", d))
	require.NoError(t, tt.Read(background, "x", into, nil))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		_ = tt.Read(background, "x", into, nil)
	}), 1.0, "the parts")
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		_ = tt.Delete("x")
		_ = tt.Put(background, "x", d)
	}), 5.0, "the value, its columns and the list of them, its place among the dirty ones, and the demand")
}
