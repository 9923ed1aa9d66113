package lz4

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A room is memory between two pages that nobody may touch: to read or write a byte
// before or behind it ends the process.
type room struct{ b []byte }

func newRoom(t testing.TB, size int) room {
	page := syscall.Getpagesize()
	size = (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(all)) })
	require.NoError(t, syscall.Mprotect(all[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(all[page+size:], syscall.PROT_NONE))
	return room{all[page : page+size]}
}
