package npz

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// Whatever a file says, nothing panics, no more memory is taken than its bytes
// could inflate to, and what can be read can be written and read again.
func FuzzReader(f *testing.F) {
	names, err := filepath.Glob("testdata/*.npz")
	require.NoError(f, err)
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && len(b) < 5000 {
			f.Add(b)
		}
	}
	for _, level := range []int{0, 6} {
		f.Add(written(f, small(), Options{Level: level, Comment: "c"}))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		ctx := context.Background()
		r, err := NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		fields, _ := r.Fields()
		packed := int64(0)
		for _, field := range fields {
			packed += field.Packed
		}
		require.LessOrEqual(t, packed, int64(len(file)), "bytes that belong to two members")
		d := soa.NewDict()
		err = r.Read(ctx, d)
		viewed, viewErr := r.View(ctx, file)
		require.Equal(t, err == nil, viewErr == nil, "%v, %v", err, viewErr)
		if err != nil {
			return
		}
		require.NoError(t, r.Verify(ctx))
		require.True(t, d.Equal(viewed))
		var again memFile
		if _, err := Write(ctx, &again, d, Options{}); err != nil {
			require.ErrorIs(t, err, ErrName)
			return
		}
		have, err := readAll(again)
		require.NoError(t, err)
		require.True(t, d.Equal(have))
	})
}

// A header that is understood is understood the same when written anew, and with or
// without the fast path.
func FuzzHeader(f *testing.F) {
	for _, text := range []string{
		`{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }`,
		`{"shape":(),"fortran_order":True,"descr":"|b1"}`,
		`{'descr': [('pos', '<f4', (3,)), ('id', '<i8')], 'fortran_order': False, 'shape': (4L,), }`,
		`{'descr': '>i2', 'fortran_order': False, 'shape': (2, 30), }` + "    \n",
		`{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551617,), }`,
		`__import__('os').system('id')`,
	} {
		f.Add([]byte(text), byte(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, version byte) {
		h, err := parseHeader(text, version, nil)
		general, generalErr := parseAny(text, version)
		require.Equal(t, generalErr, err)
		require.Equal(t, general, h)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		for _, d := range h.shape {
			require.GreaterOrEqual(t, d, 0)
		}
		size, ok := sizeOf(h.dtype, h.shape)
		if !h.dtype.Valid() || !ok || size > 1<<16 {
			return
		}
		a, err := soa.New(h.dtype, h.shape...)
		require.NoError(t, err)
		var npy bytes.Buffer
		require.NoError(t, WriteArray(&npy, a))
		b, err := ReadArray(bytes.NewReader(npy.Bytes()), int64(npy.Len()))
		require.NoError(t, err)
		require.True(t, a.Equal(b))
	})
}
