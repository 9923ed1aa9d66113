package memmap

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

func isClosed(err error) bool { return errors.Is(err, ErrClosed) }

func diskBytes(t *testing.T, path string) int64 {
	var st syscall.Stat_t
	require.NoError(t, syscall.Stat(path+arraySuffix, &st))
	return st.Blocks * 512
}

// memoryDir returns a new folder, in memory if the machine has such a file system:
// for tests that make very many files.
func memoryDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "memmap-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// TestTenThousand has as many arrays open at once.
func TestTenThousand(t *testing.T) {
	noMappings(t)
	const n = 10_000
	dir := memoryDir(t)
	text := encodeInfo(Info{DType: soa.Int32, Shape: []int{1}})
	arrays := make([]*Array[int32], n)
	for i := range arrays {
		path := filepath.Join(dir, strconv.Itoa(i))
		require.NoError(t, os.WriteFile(path+yamlSuffix, text, 0o600))
		require.NoError(t, os.WriteFile(path+arraySuffix, soa.Of([]int32{int32(i)}).Bytes(), 0o600))
		arrays[i] = open[int32](t, path, ReadWrite)
	}
	require.Equal(t, n, mappings())
	for i, a := range arrays {
		require.EqualValues(t, i, values(t, a)[0])
		require.NoError(t, a.Close())
	}
}

func TestAllowMaximalOpenFiles(t *testing.T) {
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	low := before
	low.Cur = min(before.Max, 512)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	got, err := AllowMaximalOpenFiles()
	require.NoError(t, err)
	require.Equal(t, before.Max, got)
	var now syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now))
	require.Equal(t, before.Max, now.Cur)
}

// rss returns the bytes of memory that the process has in use.
func rss(t testing.TB) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	require.NoError(t, err)
	return pages * int64(os.Getpagesize())
}

const (
	bigRows   = 1 << 19
	bigPerRow = 1 << 10
)

// bigSparse makes a matrix whose files have 4 GiB (and take few blocks: all but
// one row is a hole), of 1024 elements in each row.
func bigSparse(t testing.TB) (path string, row int) {
	path, row = filepath.Join(t.TempDir(), "big"), bigRows/3
	nnz := bigRows * bigPerRow
	in := Info{soa.Float32, []int{bigRows, bigPerRow}, true, nnz, soa.Int32, soa.Int32}
	require.NoError(t, os.WriteFile(path+yamlSuffix, encodeInfo(in), 0o600))
	for _, p := range in.parts() {
		f, err := os.Create(path + p.suffix)
		require.NoError(t, err)
		size, err := p.size()
		require.NoError(t, err)
		require.NoError(t, f.Truncate(size))
		b := make([]int32, bigPerRow)
		for i := range b {
			b[i] = int32(i)
		}
		off := int64(row) * bigPerRow * 4
		if p.suffix == indptrSuffix {
			b, off = make([]int32, bigRows+1), 0
			for i := range b {
				b[i] = int32(i * bigPerRow)
			}
		}
		_, err = f.WriteAt(soa.Of(b).Bytes(), off)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	return path, row
}

// TestOneRowOfMany opens a sparse matrix of 4 GiB and reads one row: the memory in
// use grows by pages.
func TestOneRowOfMany(t *testing.T) {
	path, row := bigSparse(t)
	before := rss(t)
	s, err := OpenSparse[float32, int32](path, ReadOnly)
	require.NoError(t, err)
	defer s.Close()
	cols, data, err := s.Row(row)
	require.NoError(t, err)
	require.Len(t, data, bigPerRow)
	require.EqualValues(t, 77, cols[77])
	grown := rss(t) - before
	t.Logf("memory in use grew by %d KiB", grown>>10)
	require.Less(t, grown, int64(16<<20))
}
