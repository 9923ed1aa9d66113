package npz

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
)

// raceEnabled says that the race detector is on, which makes work on many bytes
// some thirty times slower: tests that have no second goroutine do less.
var raceEnabled bool

// memFile is a file in memory, to write to.
type memFile []byte

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	if grow := int(off) + len(p) - len(*f); grow > 0 {
		*f = append(*f, make([]byte, grow)...)
	}
	return copy((*f)[off:], p), nil
}

// PieceSize makes several pieces of what tests write.
func (f *memFile) PieceSize() int64 { return fsys.CachePiece }

// written returns the .npz file of d.
func written(t require.TestingT, d *soa.Dict, opts Options) []byte {
	var f memFile
	n, err := Write(context.Background(), &f, d, opts)
	require.NoError(t, err)
	require.EqualValues(t, len(f), n)
	return f
}

// dict returns a Dict of names and arrays that follow each other.
func dict(fields ...any) *soa.Dict {
	d := soa.NewDict()
	for i := 0; i < len(fields); i += 2 {
		d.Set(fields[i].(string), fields[i+1].(soa.Array))
	}
	return d
}

// small is a Dict with something of everything.
func small() *soa.Dict {
	return dict(
		"x", soa.Of([]float32{1, 2, 3.5}),
		"a/ü", soa.Shaped([]int64{-1, 1 << 40, 3, 4, 5, 6}, 2, 3),
		"ok", soa.Of([]bool{true, false, true}),
		"scalar", soa.Shaped([]complex128{complex(1, -2)}),
		"none", soa.Shaped([]uint16{}, 3, 0),
	)
}

func readAll(file []byte, names ...string) (*soa.Dict, error) {
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	d := soa.NewDict()
	return d, r.Read(context.Background(), d, names...)
}

func requireDict(t testing.TB, want, have *soa.Dict) {
	t.Helper()
	require.True(t, want.Equal(have), "want %v, have %v", want, have)
}
