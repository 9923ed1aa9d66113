package fsys_test

import (
	"errors"
	"os"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
)

func TestLock(t *testing.T) {
	first, path := newFile(t, nil)
	if err := first.Lock(); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	} else {
		require.NoError(t, err)
	}
	require.NoError(t, first.Lock(), "it has it already")
	second, err := fsys.OS.OpenFile(path, os.O_RDWR)
	require.NoError(t, err)
	err = second.Lock()
	require.ErrorIs(t, err, fsys.ErrLocked)
	require.ErrorContains(t, err, path)
	require.NoError(t, first.Close())
	require.NoError(t, second.Lock())
	require.NoError(t, second.Close())
}
