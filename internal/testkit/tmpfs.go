package testkit

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"
)

// Tmpfs returns a folder that is a disk of its own with room for size bytes,
// rounded up to whole pages: what is written beyond that fails with ENOSPC. It
// is unmounted when the test ends, which fails the test if a file there is still
// open or mapped.
//
// Where the process may not mount, the test is skipped, even under CI: mounting
// is a privilege and no tool that could be installed.
func Tmpfs(t testing.TB, size int64) string {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d,mode=0700", size))
	if errors.Is(err, fs.ErrPermission) {
		t.Skipf("not allowed to mount a tmpfs: %v", err)
	}
	if err != nil {
		t.Fatalf("mounting a tmpfs on %s: %v", dir, err)
	}
	t.Cleanup(func() {
		err := unix.Unmount(dir, 0)
		if err == nil {
			return
		}
		t.Errorf("unmounting %s: %v: is a file still open or mapped?", dir, err)
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("detaching %s: %v", dir, err)
		}
	})
	return dir
}
