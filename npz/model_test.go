package npz

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
)

func drawArray(t *rapid.T) soa.Array {
	dtype := soa.DType(rapid.IntRange(int(soa.Bool), int(soa.Complex128)).Draw(t, "dtype"))
	shape := rapid.SliceOfN(rapid.IntRange(0, 7), 0, 4).Draw(t, "shape")
	a, err := soa.New(dtype, shape...)
	require.NoError(t, err)
	most := byte(255)
	if dtype == soa.Bool {
		most = 1
	}
	seed := rapid.Uint64().Draw(t, "seed")
	for i := range a.Bytes() {
		seed = seed*6364136223846793005 + 1442695040888963407
		a.Bytes()[i] = byte(seed>>56) & most
	}
	return a
}

func drawDict(t *rapid.T) *soa.Dict {
	name := rapid.StringMatching(`[a-z0-9/ü€ .]{1,12}`)
	d := soa.NewDict()
	for i := range rapid.IntRange(0, 6).Draw(t, "fields") {
		n := fmt.Sprint(i, name.Draw(t, "name")) // the digit: no slash first
		if checkName(n) == nil && !strings.HasSuffix(n, suffix) {
			d.Set(n, drawArray(t))
		}
	}
	return d
}

// What is written is what is read: by Read into nothing and into any Dict, by
// View, and by the zip reader of the standard library.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx, d := context.Background(), drawDict(t)
		opts := Options{Level: rapid.IntRange(0, 9).Draw(t, "level"), Comment: rapid.StringMatching(`[a-z]{0,9}`).Draw(t, "comment")}
		file := written(t, d, opts)
		require.Equal(t, file, written(t, d.Clone(), opts), "equal input, equal bytes")

		r, err := NewReader(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		require.Equal(t, opts.Comment, r.Comment())
		require.ElementsMatch(t, d.Names(), r.Names())
		require.NoError(t, r.Verify(ctx))
		into := drawDict(t)
		require.NoError(t, r.Read(ctx, into))
		require.True(t, d.Equal(into), "want %v, have %v", d, into)
		viewed, err := r.View(ctx, file)
		require.NoError(t, err)
		require.True(t, d.Equal(viewed))
		viewed, err = r.ViewUnchecked(ctx, file)
		require.NoError(t, err)
		require.True(t, d.Equal(viewed))
		checkFields(t, r, d, opts)
		checkStandardZip(t, file, d)
	})
}

func checkFields(t *rapid.T, r *Reader, d *soa.Dict, opts Options) {
	fields, err := r.Fields()
	require.NoError(t, err)
	require.Len(t, fields, d.Len())
	for _, f := range fields {
		a, _ := d.Get(f.Name)
		require.Equal(t, a.DType(), f.DType)
		require.Equal(t, len(a.Shape()), len(f.Shape))
		require.Equal(t, string(appendTuple(nil, a.Shape())), string(appendTuple(nil, f.Shape)))
		if opts.Level == 0 {
			require.Equal(t, Stored, f.Method)
			require.Zero(t, f.Offset%alignment)
			require.Equal(t, f.Plain, f.Packed)
			continue
		}
		require.Equal(t, Deflated, f.Method)
		require.EqualValues(t, -1, f.Offset)
	}
}

// checkStandardZip reads file with a zip reader that is not this package's.
func checkStandardZip(t *rapid.T, file []byte, d *soa.Dict) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	require.Len(t, z.File, d.Len())
	for i, name := range d.Names() {
		require.Equal(t, name+suffix, z.File[i].Name)
		require.False(t, z.File[i].NonUTF8)
		m, err := z.File[i].Open()
		require.NoError(t, err)
		b, err := io.ReadAll(m)
		require.NoError(t, err)
		a, err := ReadArray(bytes.NewReader(b), int64(len(b)))
		require.NoError(t, err)
		want, _ := d.Get(name)
		require.True(t, want.Equal(a))
	}
}

// scatter agrees with the arithmetic of indices, whatever the blocks.
func TestScatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 4).Draw(t, "shape")
		n := 1
		for _, d := range shape {
			n *= d
		}
		want, src := make([]byte, n), make([]byte, n)
		for i := range n { // element i of C order
			at, step, rest := 0, n, i
			for k := len(shape) - 1; k >= 0; k-- {
				step /= shape[k]
				at += rest % shape[k] * step
				rest /= shape[k]
			}
			want[i], src[at] = byte(i), byte(i)
		}
		for _, size := range []int{1, 2, 4, 8, 16} {
			s, dst, from := newScatter(shape), widened(want, size), widened(src, size)
			clear(dst)
			for len(from) > 0 {
				k := min(len(from), size*rapid.IntRange(1, n).Draw(t, "block"))
				s.put(dst, from[:k], size)
				from = from[k:]
			}
			require.Equal(t, widened(want, size), dst)
		}
	})
}

// widened returns aligned memory with each byte of p size times.
func widened(p []byte, size int) []byte {
	a, _ := soa.New(soa.Uint64, len(p)*size/8+1)
	out := a.Bytes()[: 0 : len(p)*size]
	for _, b := range p {
		out = append(out, bytes.Repeat([]byte{b}, size)...)
	}
	return out
}

// Numbers of any size come back from an entry and a local header, whether they
// take 32 bits or 64.
func TestRecords(t *testing.T) {
	size := rapid.OneOf(rapid.Int64Range(0, 1<<20), rapid.Int64Range(max32-3, max32+3), rapid.Int64Range(0, 1<<50))
	rapid.Check(t, func(t *rapid.T) {
		m := &member{name: "x.npy", crc: rapid.Uint32().Draw(t, "crc"), plain: size.Draw(t, "plain"), offset: size.Draw(t, "offset")}
		m.packed = m.plain
		if rapid.Bool().Draw(t, "deflated") {
			m.method, m.packed = Deflated, m.plain/2+m.plain/4
		}
		back, entry := &member{}, append(m.appendEntry(nil), "rest"...)
		n, err := back.parseEntry(entry, string(entry))
		require.NoError(t, err)
		require.Equal(t, "rest", string(entry[n:]))
		require.Equal(t, m, back)

		b := m.appendLocal(nil)
		require.Len(t, b, m.localSize())
		if m.method == Stored {
			require.Zero(t, (m.offset+int64(len(b)))%alignment)
		}
		require.NoError(t, m.compareLocal(b, b[localLen+len(m.name):]))
		other := &member{name: m.name, method: m.method, crc: m.crc, packed: m.packed + 1, plain: m.plain}
		require.ErrorIs(t, other.compareLocal(b, b[localLen+len(m.name):]), ErrFormat)
	})
}
