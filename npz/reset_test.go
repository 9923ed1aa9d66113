package npz

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// TestReset reads one file after another with one Reader, damaged ones among them, as
// a new Reader of each does: out of memory, and through other sources.
func TestReset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Reader
		var into soa.Dict
		for range rapid.IntRange(1, 6).Draw(t, "files") {
			opts := Options{Comment: rapid.StringN(0, 9, 20).Draw(t, "comment")}
			if rapid.Bool().Draw(t, "deflate") {
				opts.Level = 1
			}
			file := written(t, drawDict(t), opts)
			if rapid.IntRange(0, 3).Draw(t, "damage") == 0 {
				file[rapid.IntRange(0, len(file)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			}
			content := fsys.Content(file)
			var src io.ReaderAt = &content
			if rapid.Bool().Draw(t, "other source") {
				src = bytes.NewReader(file)
			}
			want, wantErr := NewReader(bytes.NewReader(file), int64(len(file)))
			err := r.Reset(src, int64(len(file)))
			requireSameError(t, wantErr, err)
			if err != nil {
				continue
			}
			require.Equal(t, want.Names(), r.Names())
			require.Equal(t, want.Comment(), r.Comment())
			fresh := soa.NewDict()
			wantErr = want.Read(context.Background(), fresh)
			requireSameError(t, wantErr, r.Read(context.Background(), &into, r.Names()...))
			if wantErr == nil {
				require.True(t, fresh.Equal(&into))
			}
		}
	})
}

func requireSameError(t require.TestingT, want, have error) {
	if want == nil {
		require.NoError(t, have)
		return
	}
	require.EqualError(t, have, want.Error())
}

// What was read and what is known of a file outlives the Reader's next file.
func TestResetLeavesWhatWasRead(t *testing.T) {
	first := written(t, small(), Options{Comment: "first"})
	second := written(t, dict("y", soa.Shaped(make([]int8, 24), 2, 3, 4)), Options{})
	var r Reader
	require.NoError(t, r.Reset(bytes.NewReader(first), int64(len(first))))
	d := soa.NewDict()
	require.NoError(t, r.Read(context.Background(), d))
	fields, err := r.Fields()
	require.NoError(t, err)
	names, comment := r.Names(), r.Comment()

	require.NoError(t, r.Reset(bytes.NewReader(second), int64(len(second))))
	_, err = r.Fields()
	require.NoError(t, err)
	requireDict(t, small(), d)
	require.Equal(t, small().Names(), names)
	require.Equal(t, "first", comment)
	for _, f := range fields {
		a, _ := small().Get(f.Name)
		require.True(t, slices.Equal(a.Shape(), f.Shape))
	}
}

func TestResetNeedsNoMemory(t *testing.T) {
	for _, level := range []int{0, 1} {
		if level > 0 && raceEnabled {
			continue // pools forget
		}
		file := fsys.Content(written(t, dict("x", soa.Of(make([]float32, 9)), "y", soa.Shaped(make([]int8, 6), 2, 3)), Options{Level: level}))
		var r Reader
		d := soa.NewDict()
		read := func() {
			require.NoError(t, r.Reset(&file, int64(len(file))))
			require.NoError(t, r.Read(context.Background(), d))
		}
		read()
		require.LessOrEqual(t, testing.AllocsPerRun(20, read), 2.0, "the text of the directory, and the arrays' list")
	}
}

// TestLongHeaderDeflated reads a deflated member whose header is padded to any length.
func TestLongHeaderDeflated(t *testing.T) {
	want := soa.Of([]float32{1, 2, 3})
	const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"
	for _, size := range []int{128, 246, 247, 500, 9000} {
		head := binary.LittleEndian.AppendUint16([]byte(npyMagic+"\x01\x00"), uint16(size))
		head = append(head, text+strings.Repeat(" ", size-len(text)-1)+"\n"...)
		var file bytes.Buffer
		w := zip.NewWriter(&file)
		m, err := w.Create("x.npy")
		require.NoError(t, err)
		_, err = m.Write(append(head, want.Bytes()...))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		d := soa.NewDict()
		require.NoError(t, reader(t, file.Bytes()).Read(context.Background(), d))
		got, _ := d.Get("x")
		require.True(t, got.Equal(want), size)
	}
}

// Members whose headers are alike and those whose headers are not, one after another,
// are each what was written.
func TestHeadersThatAreAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := soa.NewDict()
		for i := range rapid.IntRange(1, 8).Draw(t, "fields") {
			n := rapid.SampledFrom([]int{0, 1, 2, 12}).Draw(t, "rows")
			a := soa.Of(make([]float32, n))
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				a = soa.Of(make([]int32, n))
			case 1:
				a = soa.Shaped(make([]float32, 2*n), n, 2)
			}
			d.Set(fmt.Sprint("f", i), a)
		}
		file := fsys.Content(written(t, d, Options{}))
		r, err := NewReader(&file, int64(len(file)))
		require.NoError(t, err)
		got := soa.NewDict()
		require.NoError(t, r.Read(context.Background(), got))
		require.True(t, d.Equal(got))
	})
}

// A header that is like the one before, but not of its own member, is refused.
func TestHeaderOfAnotherMember(t *testing.T) {
	file := fsys.Content(written(t, dict("a", soa.Of(make([]int32, 12)), "b", soa.Of(make([]int32, 2))), Options{}))
	var r Reader
	require.NoError(t, r.Reset(&file, int64(len(file))))
	fields, err := r.Fields()
	require.NoError(t, err)
	header := func(f Field) []byte { return file[f.Offset-128 : f.Offset] }
	copy(header(fields[1]), header(fields[0]))
	require.NoError(t, r.Reset(&file, int64(len(file))))
	err = r.Read(context.Background(), soa.NewDict())
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "[12]")
}
