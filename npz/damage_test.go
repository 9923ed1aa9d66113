package npz

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// victims are small files of every kind.
func victims(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"stored":   written(t, small(), Options{}),
		"deflated": written(t, small(), Options{Level: 6, Comment: "a comment"}),
		"NumPy's":  fixture(t, "names.npz"),
		"64-bit":   with64(t, written(t, small(), Options{})),
	}
}

// with64 returns the archive file with 64-bit end records, which it is too small
// to need.
func with64(t *testing.T, file []byte) []byte {
	t.Helper()
	all, err := newWindow(bytes.NewReader(file), 0, int64(len(file)))
	require.NoError(t, err)
	defer all.close()
	d, err := readEnd(&all, int64(len(file)))
	require.NoError(t, err)
	end := d.appendEnd64(bytes.Clone(file[:d.offset+d.size]))
	d.entries, d.size, d.offset = 1<<16, max32, max32
	return append(end, d.appendEnd(nil)[end64Len+locatorLen:]...)
}

func TestEveryTruncation(t *testing.T) {
	for name, file := range victims(t) {
		for n := range file {
			_, err := readAll(file[:n])
			require.ErrorIs(t, err, ErrFormat, "%s cut to %d of %d bytes", name, n, len(file))
		}
	}
}

// A flipped bit is noticed, or is one that says nothing of the elements (a date,
// padding between members, the comment): wrong elements are never returned.
func TestEveryBitFlip(t *testing.T) {
	for name, file := range victims(t) {
		want, err := readAll(file)
		require.NoError(t, err)
		harmless, step := 0, 1
		if raceEnabled {
			step = 17
		}
		for bit := 0; bit < len(file)*8; bit += step {
			flipped := bytes.Clone(file)
			flipped[bit/8] ^= 1 << (bit % 8)
			if have, err := readAll(flipped); err == nil {
				harmless++
				require.True(t, want.Equal(have), "%s: bit %d of byte %d", name, bit%8, bit/8)
			} else if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrChecksum) && !errors.Is(err, ErrDType) {
				require.NoError(t, err)
			}
			checkFlippedFields(t, flipped, want)
		}
		require.Less(t, harmless, len(file)*8/3, "%s: too much of it is not checked", name)
	}
}

// checkFlippedFields reads each field by itself, by View and Verify too.
func checkFlippedFields(t *testing.T, file []byte, want *soa.Dict) {
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return
	}
	readable := 0
	for name, a := range want.All() {
		d := soa.NewDict()
		if r.Read(context.Background(), d, name) == nil {
			b, _ := d.Get(name)
			require.True(t, a.Equal(b))
			readable++
		}
		if d, err := r.View(context.Background(), file, name); err == nil {
			b, _ := d.Get(name)
			require.True(t, a.Equal(b))
		}
	}
	// A wrong offset may lie within another member, which then ends too soon.
	require.GreaterOrEqual(t, readable, want.Len()-2, "one bit, more than two fields")
	require.Equal(t, readable == want.Len(), r.Verify(context.Background()) == nil)
}

// A bool that is neither 0 nor 1 is refused, and does not reach the memory that
// the caller lent.
func TestBadBool(t *testing.T) {
	a := soa.Of([]uint8{1, 2, 0})
	var npy bytes.Buffer
	require.NoError(t, WriteArray(&npy, a))
	file := bytes.Replace(npy.Bytes(), []byte("|u1"), []byte("|b1"), 1)
	_, err := ReadArray(bytes.NewReader(file), int64(len(file)))
	require.ErrorIs(t, err, ErrFormat)

	for _, method := range []Method{Stored, Deflated} {
		archive := archived(t, method, "b.npy", string(file))
		r := reader(t, archive)
		lent := []bool{true, true, true}
		require.ErrorIs(t, r.Read(context.Background(), dict("b", soa.Of(lent))), ErrFormat)
		require.Equal(t, []bool{false, false, false}, lent)
		_, err = r.ViewUnchecked(context.Background(), archive)
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorIs(t, r.Verify(context.Background()), ErrFormat)
	}
}

// archived makes an archive of members given by name and bytes, whatever these
// are.
func archived(t testing.TB, method Method, members ...string) []byte {
	t.Helper()
	var f memFile
	z, err := newWriter(&f, Options{Level: int(method)})
	require.NoError(t, err)
	defer z.close()
	for i := 0; i < len(members); i += 2 {
		m := &member{name: members[i], plain: int64(len(members[i+1]))}
		require.NoError(t, z.member(context.Background(), m, []byte(members[i+1]), nil))
	}
	_, err = z.finish()
	require.NoError(t, err)
	return f
}
