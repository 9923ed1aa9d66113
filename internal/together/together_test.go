package together_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/residue"
	"github.com/soastore/soa/internal/together"
	"github.com/stretchr/testify/require"
)

func TestDo(t *testing.T) {
	for _, size := range []int64{0, 100, 1 << 20} { // alone and not
		for n := range 20 {
			sizes := slices.Repeat([]int64{size}, n)
			var mu sync.Mutex
			var done []int
			require.NoError(t, together.Do(sizes, func(i int) error {
				mu.Lock()
				defer mu.Unlock()
				done = append(done, i)
				return nil
			}))
			slices.Sort(done)
			require.Len(t, done, n)
			require.Equal(t, n, len(slices.Compact(done)))
		}
	}
}

// TestInParts looks at that parts are all bytes, once each, in whole units.
func TestInParts(t *testing.T) {
	const unit = 1000
	for _, n := range []int64{0, 1, unit, 1<<21 - 1, 1 << 21, 7 << 20} {
		for parts := 1; parts <= max(together.Parts(n), 5); parts++ {
			ends := make([]int64, parts+1)
			var calls atomic.Int64
			require.NoError(t, together.InParts(n, parts, unit, func(part int, lo, hi int64) error {
				calls.Add(1)
				ends[part+1] = hi - lo
				if lo%unit != 0 || hi%unit != 0 && hi != n || lo > hi {
					return fmt.Errorf("part %d of %d bytes is from %d to %d", part, n, lo, hi)
				}
				return nil
			}))
			require.EqualValues(t, parts, calls.Load())
			sum := int64(0)
			for _, size := range ends {
				sum += size
			}
			require.Equal(t, n, sum)
		}
	}
	require.Equal(t, 1, together.Parts(0))
	require.Equal(t, min(runtime.GOMAXPROCS(0), 4), together.Parts(4<<20))
}

// TestSumParts compares with the CRC of all bytes at once.
func TestSumParts(t *testing.T) {
	join := residue.Modulus[uint32]{Poly: crc32.IEEE}.Join
	p := make([]byte, 10_007)
	for i := range p {
		p[i] = byte(i * i >> 3)
	}
	for _, before := range []int{0, 1, 5000} { // bytes whose CRC is there already
		rest, crc := p[before:], crc32.ChecksumIEEE(p[:before])
		for parts := 1; parts <= 5; parts++ {
			got, err := together.SumParts(crc, int64(len(rest)), parts, 512, join, func(lo, hi int64) (uint32, error) {
				return crc32.ChecksumIEEE(rest[lo:hi]), nil
			})
			require.NoError(t, err)
			require.Equal(t, crc32.ChecksumIEEE(p), got, "%d parts after %d bytes", parts, before)
		}
	}
	bad := errors.New("bad")
	_, err := together.SumParts(0, 10, 1, 1, join, func(lo, hi int64) (uint32, error) { return 0, bad })
	require.ErrorIs(t, err, bad)
}

func TestDoFails(t *testing.T) {
	for _, size := range []int64{100, 1 << 20} {
		bad := errors.New("bad")
		err := together.Do(slices.Repeat([]int64{size}, 10), func(i int) error {
			if i == 3 {
				return fmt.Errorf("%d: %w", i, bad)
			}
			return nil
		})
		require.ErrorIs(t, err, bad)
		require.EqualError(t, err, "3: bad")
	}
}

// TestDoFault: a fault in a mapping, in whichever goroutine, is an error of the
// caller's Guard.
func TestDoFault(t *testing.T) {
	const pieces = 8
	size := int64(1 << 20)
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, make([]byte, pieces*size), 0o600))
	f, err := fsys.OS.OpenFile(path, os.O_RDONLY)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	m, err := f.Map(pieces * size)
	require.NoError(t, err)
	defer func() { require.NoError(t, m.Unmap()) }()
	require.NoError(t, os.Truncate(path, size))
	err = m.Guard(func() error {
		return together.Do(slices.Repeat([]int64{size}, pieces), func(i int) error {
			if m.Data[int64(i)*size+size/2] != 0 {
				return errors.New("a file of zeros has another byte")
			}
			return nil
		})
	})
	require.ErrorContains(t, err, path)
	require.PanicsWithValue(t, "mine", func() {
		_ = together.Do(slices.Repeat([]int64{size}, pieces), func(int) error { panic("mine") })
	})
}
