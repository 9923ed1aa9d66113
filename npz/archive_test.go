package npz

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// npyOf returns the bytes of a .npy file of a.
func npyOf(t testing.TB, a soa.Array) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, WriteArray(&b, a))
	return b.String()
}

func TestMembersThatAreNoArrays(t *testing.T) {
	ctx, array := context.Background(), npyOf(t, soa.Of([]int16{7}))
	for _, method := range []Method{Stored, Deflated} {
		r := reader(t, archived(t, method, "dir/", "", "bare", array, "README", "text", "dir/x.npy", array))
		require.Equal(t, []string{"bare", "README", "dir/x"}, r.Names())
		require.NoError(t, r.Verify(ctx))
		d := soa.NewDict()
		require.NoError(t, r.Read(ctx, d, "dir/x", "bare"))
		requireDict(t, dict("dir/x", soa.Of([]int16{7}), "bare", soa.Of([]int16{7})), d)

		f, err := r.Field("README")
		require.NoError(t, err)
		require.Equal(t, soa.Invalid, f.DType)
		require.EqualValues(t, 4, f.Plain)
		require.ErrorIs(t, r.Read(ctx, d), ErrDType)

		r = reader(t, archived(t, method, "README.npy", "text", "x.npy", array))
		fields, err := r.Fields()
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, "README")
		require.Len(t, fields, 1)
		require.ErrorIs(t, r.Verify(ctx), ErrFormat)
		require.NoError(t, r.Read(ctx, d, "x"))
	}
}

func TestArchivesRefused(t *testing.T) {
	x := npyOf(t, soa.Of([]int64{1, 2}))
	one, two := archived(t, Stored, "x.npy", x), archived(t, Stored, "x.npy", x, "y.npy", x)
	entry := bytes.Index(one, []byte("PK\x01\x02"))
	end := bytes.Index(one, []byte("PK\x05\x06"))
	second := bytes.LastIndex(two, []byte("PK\x01\x02"))
	put16 := func(file []byte, at int, v uint16) []byte {
		file = bytes.Clone(file)
		binary.LittleEndian.PutUint16(file[at:], v)
		return file
	}
	for name, file := range map[string][]byte{
		"empty":             {},
		"no zip":            []byte(strings.Repeat("no zip archive ", 1000)),
		"two fields alike":  archived(t, Stored, "x.npy", x, "x", x),
		"bytes before":      append([]byte("#!"), one...),
		"bytes after":       append(bytes.Clone(one), 0),
		"bytes between":     append(append(bytes.Clone(one[:end]), 0), one[end:]...),
		"encrypted":         put16(one, entry+8, 1),
		"unknown method":    put16(one, entry+10, 14),
		"sizes differ":      put16(one, entry+20, 143),
		"another disk":      put16(one, entry+34, 1),
		"same local header": put16(two, second+42, 0),
		"offset too large":  put16(one, entry+42, 0xffff),
		"too many entries":  put16(put16(one, end+8, 2), end+10, 2),
		"too few entries":   put16(put16(one, end+8, 0), end+10, 0),
		"entries differ":    put16(one, end+8, 0),
		"directory moved":   put16(one, end+16, uint16(entry+1)),
		"not UTF-8":         archived(t, Stored, "\xff.npy", x),
		"UTF-8 not marked":  archived(t, Stored, "ü.npy", x),
	} {
		_, err := NewReader(bytes.NewReader(file), int64(len(file)))
		require.ErrorIs(t, err, ErrFormat, name)
	}
	for name, file := range map[string][]byte{
		"local name":     put16(one, localLen, 'q'),
		"local flags":    put16(one, 6, flagUTF8),
		"local method":   put16(one, 8, uint16(Deflated)),
		"local checksum": put16(one, 14, 1),
		"local size":     put16(one, 18, 1),
		"local extra":    put16(one, 28, 40000),
		"local mark":     put16(one, 0, 0),
	} {
		_, err := readAll(file)
		require.ErrorIs(t, err, ErrFormat, name)
	}
	_, err := readAll(two)
	require.NoError(t, err)
}

func TestNames(t *testing.T) {
	ctx, a := context.Background(), soa.Of([]int8{1})
	for _, name := range []string{"", "\x00", "a\x00b", "\xff", "..", "../x", "a/../b", `..\x`, "/x", `\x`, strings.Repeat("x", 65532)} {
		_, err := Write(ctx, new(memFile), dict(name, a), Options{})
		require.ErrorIs(t, err, ErrName, "%.20q", name)
		if len(name) < 65532 {
			file := archived(t, Stored, name+".npy", npyOf(t, a))
			_, err = NewReader(bytes.NewReader(file), int64(len(file)))
			require.ErrorIs(t, err, ErrFormat, "%.20q", name)
		}
	}
	d := soa.NewDict()
	for i, name := range []string{"file", "a/b", "...", "a..b", ".npy.", "x.npyx", ".", "ünï\n", " ", "a\\b", strings.Repeat("x", 65531)} {
		d.Set(name, soa.Of([]int64{int64(i)}))
	}
	have, err := readAll(written(t, d, Options{}))
	require.NoError(t, err)
	requireDict(t, d, have)
}

func TestTwins(t *testing.T) {
	a, b := soa.Of([]int8{1}), soa.Of([]int8{2})
	_, err := Write(context.Background(), new(memFile), dict("x", a, "x.npy", b), Options{})
	require.ErrorIs(t, err, ErrName)
	// NumPy writes such files, and they can be told apart here.
	d, err := readAll(archived(t, Stored, "x.npy", npyOf(t, a), "x.npy.npy", npyOf(t, b)))
	require.NoError(t, err)
	requireDict(t, dict("x", a, "x.npy", b), d)
}
