package testkit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

func newFile(t testing.TB) fsys.File {
	t.Helper()
	f, err := fsys.OS.OpenFile(filepath.Join(t.TempDir(), "a file"), os.O_RDWR|os.O_CREATE|os.O_EXCL)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(4096))
	return f
}

func TestNoLeaksFindsWhatIsLeft(t *testing.T) {
	tests := []struct {
		name string
		leak func(t testing.TB) (undo func())
		want string
	}{
		{"file", func(t testing.TB) func() {
			f := newFile(t)
			return func() { require.NoError(t, f.Close()) }
		}, "open at the end of the test: "},
		{"folder", func(t testing.TB) func() {
			f, err := os.Open(t.TempDir())
			require.NoError(t, err)
			return func() { require.NoError(t, f.Close()) }
		}, "open at the end of the test: "},
		{"mapping", func(t testing.TB) func() {
			f := newFile(t)
			m, err := f.Map(4096)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			return func() { require.NoError(t, m.Unmap()) }
		}, "a file"},
		{"goroutine", func(testing.TB) func() {
			stop := make(chan struct{})
			go func() { <-stop }()
			return func() { close(stop) }
		}, "goroutines"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var undo func()
			r := try(t, func(r *recorder) {
				testkit.NoLeaks(r)
				undo = test.leak(t)
			})
			undo()
			require.True(t, r.failed)
			require.Contains(t, r.log, test.want)
		})
	}
}

func TestNoLeaksWhenAllIsClosed(t *testing.T) {
	old := newFile(t) // open before, and so no leak
	r := try(t, func(r *recorder) {
		testkit.NoLeaks(r)
		f := newFile(t)
		m, err := f.Map(4096)
		require.NoError(t, err)
		r.Cleanup(func() { require.NoError(t, m.Unmap()) }) // cleanups come first
		require.NoError(t, f.Close())
	})
	require.False(t, r.failed, r.log)
	require.NoError(t, old.Close())
}
