package memmap

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

func TestNotFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	_, err := Open[int32](path, ReadOnly)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = OpenSparse[int32, int32](path, ReadOnly)
	require.ErrorIs(t, err, ErrNotFound)
	_, err = Stat(path)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorIs(t, Remove(path), ErrNotFound)
	exists, err := Exists(path)
	require.NoError(t, err)
	require.False(t, exists)
}

// TestTornPair: one file of two is missing, or of another size.
func TestTornPair(t *testing.T) {
	path := newArray(t, soa.Int32, 5)
	exists, err := Exists(path)
	require.NoError(t, err)
	require.True(t, exists)
	for _, n := range []int64{19, 21, 0, 40} {
		require.NoError(t, os.Truncate(path+arraySuffix, n))
		_, err := Open[int32](path, ReadOnly)
		var size *SizeError
		require.ErrorAs(t, err, &size)
		require.Equal(t, SizeError{path + arraySuffix, n, 20}, *size)
		require.ErrorIs(t, err, ErrSize)
		_, err = Exists(path)
		require.ErrorIs(t, err, ErrSize)
	}
	require.NoError(t, os.Remove(path+arraySuffix))
	_, err = Open[int32](path, ReadOnly)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, path+arraySuffix)
	require.NoError(t, Remove(path), "what is left is removed")
	require.ErrorIs(t, Remove(path), ErrNotFound)
}

func TestWrongUse(t *testing.T) {
	dense := newArray(t, soa.Int32, 5)
	_, err := Open[float32](dense, ReadOnly)
	var dtype *soa.DTypeError
	require.ErrorAs(t, err, &dtype)
	require.Equal(t, soa.Int32, dtype.Have)
	require.ErrorContains(t, err, dense)
	_, err = OpenSparse[int32, int32](dense, ReadOnly)
	require.ErrorIs(t, err, ErrKind)
	_, err = Open[uint16](fixturePath("float16_1d"), ReadOnly)
	require.ErrorIs(t, err, soa.ErrDType)

	sparse := fixturePath("sparse_f32")
	_, err = Open[float32](sparse, ReadOnly)
	require.ErrorIs(t, err, ErrKind)
	_, err = OpenSparse[float64, int32](sparse, ReadOnly)
	require.ErrorIs(t, err, soa.ErrDType)
	_, err = OpenSparse[float32, int64](sparse, ReadOnly)
	require.ErrorIs(t, err, soa.ErrDType)

	for _, mode := range []Mode{-1, 3} {
		_, err = Open[int32](dense, mode)
		require.ErrorIs(t, err, ErrMode)
		_, err = Map(dense+arraySuffix, mode, 0, -1)
		require.ErrorIs(t, err, ErrMode)
	}
	a := open[int32](t, dense, ReadOnly)
	require.ErrorIs(t, a.Advise(99), ErrRange)
	for _, i := range []int{-1, 5} {
		_, err = a.Row(i)
		require.ErrorIs(t, err, ErrRange)
	}
}

func TestWrongCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require.ErrorIs(t, Create(path, soa.Invalid, []int{1}, Options{}), soa.ErrDType)
	for _, shape := range [][]int{nil, {}, {-1}, {1, -1}, {1 << 40, 1 << 40}, make([]int, 33)} {
		require.ErrorIs(t, Create(path, soa.Float64, shape, Options{}), soa.ErrShape, "%v", shape)
	}
	require.ErrorIs(t, Create(dir+"/", soa.Int8, []int{1}, Options{}), fs.ErrInvalid)
	require.ErrorIs(t, Create("", soa.Int8, []int{1}, Options{}), fs.ErrInvalid)
	require.ErrorIs(t, Create(filepath.Join(dir, "none", "a"), soa.Int8, []int{1}, Options{}), fs.ErrNotExist)
	requireNoFiles(t, dir)
}

// TestInTheWay: links, folders and pipes at an array's names are neither followed
// nor replaced nor waited for.
func TestInTheWay(t *testing.T) {
	for name, make := range map[string]func(name string) error{
		"link":   func(name string) error { return os.Symlink(newArray(t, soa.Int8, 1)+arraySuffix, name) },
		"folder": func(name string) error { return os.Mkdir(name, 0o700) },
		"pipe":   func(name string) error { return syscall.Mkfifo(name, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, suffix := range []string{yamlSuffix, arraySuffix} {
				path := filepath.Join(t.TempDir(), "a")
				require.NoError(t, make(path+suffix))
				require.ErrorIs(t, Create(path, soa.Int8, []int{1}, Options{}), fs.ErrExist)
				require.Empty(t, litter(t, path))

				path = newArray(t, soa.Int8, 1)
				require.NoError(t, os.Remove(path+suffix))
				require.NoError(t, make(path+suffix))
				_, err := Open[int8](path, ReadOnly)
				require.Error(t, err)
				require.NotErrorIs(t, err, ErrNotFound)
			}
		})
	}
}

// TestMessages: each names the place, and what to do where there is something.
func TestMessages(t *testing.T) {
	for want, err := range map[string]error{
		"memmap: a.yaml: field nnz: it is missing":                                                                                    &FormatError{"a.yaml", "nnz", errMissing},
		"memmap: a.yaml: it is missing":                                                                                               &FormatError{"a.yaml", "", errMissing},
		"memmap: a.array: fault at offset 12: write to a read-only mapping":                                                           &FaultError{"a.array", 12, ErrReadOnly},
		"memmap: not a canonical CSR matrix: row 3: column 4 of 2":                                                                    &CanonicalError{"", 3, "column 4 of 2"},
		"memmap: a: not a canonical CSR matrix: 2 row pointers":                                                                       &CanonicalError{"a", -1, "2 row pointers"},
		"memmap: wrong mode: there is no Mode(7)":                                                                                     Mode(7).check(),
		"memmap: wrong mode: DontNeed would throw away what was changed copy-on-write":                                                second(DontNeed.madvise(CopyOnWrite)),
		"memmap: a.array: wrong file size: 3 bytes, and its YAML file says 4: it was cut short, or the two were not written together": &SizeError{"a.array", 3, 4},
	} {
		require.EqualError(t, err, want)
	}
	require.Equal(t, "read-only read-write copy-on-write", fmt.Sprint(ReadOnly, " ", ReadWrite, " ", CopyOnWrite))
}

func second(_ int, err error) error { return err }

// A Go bool that is neither 0 nor 1 is undefined, so the file is refused.
func TestBadBool(t *testing.T) {
	noMappings(t)
	path := newArray(t, soa.Bool, 3)
	require.NoError(t, os.WriteFile(path+arraySuffix, []byte{1, 0, 2}, 0o600))
	_, err := Open[bool](path, ReadOnly)
	require.ErrorIs(t, err, soa.ErrDType)
	require.ErrorContains(t, err, path+arraySuffix)
}
