//go:build linux

package crc64

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/internal/fold/foldtest"
)

// TestReadsNothingBeyond sums and copies bytes that end where memory ends, and
// begin where it begins.
func TestReadsNothingBeyond(t *testing.T) {
	const middle = 64 << 10
	page := syscall.Getpagesize()
	all, err := syscall.Mmap(-1, 0, page+middle+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Munmap(all)) }()
	require.NoError(t, syscall.Mprotect(all[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(all[page+middle:], syscall.PROT_NONE))

	p := all[page : page+middle]
	copy(p, foldtest.RandomBytes(middle, 8))
	q := make([]byte, middle)
	foldtest.EachLevel(t, func(t *testing.T) {
		for n := 0; n <= middle; n += 1 + n/8 {
			for _, p := range [][]byte{p[:n], p[middle-n:]} {
				sum := want(0, p)
				require.Equal(t, sum, Checksum(p))
				require.Equal(t, sum, UpdateCopy(0, q, p))
				require.Equal(t, sum, UpdateCopy(0, p, q[:n]))
			}
		}
	})
}
