package blosc

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// An array beyond the format's limit is refused before it is touched: this one is
// address space only.
func TestBeyondFormat(t *testing.T) {
	array, err := syscall.Mmap(-1, 0, MaxBytes+1, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Munmap(array)) }()
	_, err = Encode(nil, array, 4, Options{})
	require.ErrorIs(t, err, ErrLimit)
	require.ErrorContains(t, err, "cut the array")
}
