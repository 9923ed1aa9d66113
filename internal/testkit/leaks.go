package testkit

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// NoLeaks fails the test if, when it and its cleanups have ended, it leaves
// behind an open file or folder, a shared mapping of a file, or a goroutine. It
// is the first call of the test, and the test does not run in parallel with
// others: all three belong to the process.
func NoLeaks(t testing.TB) {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	files, mappings := openFiles(t), sharedMappings(t)
	t.Cleanup(func() {
		goleak.VerifyNone(t, goroutines)
		report(t, "open", files, openFiles(t))
		report(t, "mapped", mappings, sharedMappings(t))
	})
}

// report fails the test for each entry of after that before lacks.
func report(t testing.TB, what string, before, after map[string]string) {
	t.Helper()
	maps.DeleteFunc(after, func(at, name string) bool { return before[at] == name })
	for at, name := range after {
		t.Errorf("still %s at the end of the test: %s (%s)", what, name, at)
	}
}

// openFiles returns the regular files and folders that the process has open, by
// descriptor.
func openFiles(t testing.TB) map[string]string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	open := make(map[string]string)
	for _, e := range entries {
		link := filepath.Join("/proc/self/fd", e.Name())
		info, err := os.Stat(link)
		if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
			continue // the listing's own descriptor is gone by now
		}
		if name, err := os.Readlink(link); err == nil && !strings.HasPrefix(name, "/proc/") {
			open[e.Name()] = name
		}
	}
	return open
}

// sharedMappings returns the files that are mapped shared, by address range.
// Devices, shared memory among them, do not count.
func sharedMappings(t testing.TB) map[string]string {
	t.Helper()
	table, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	mapped := make(map[string]string)
	for line := range strings.Lines(string(table)) {
		// 7f00-7f10 r--s 00000000 08:01 1234   /path, which may have spaces
		fields := strings.Fields(line)
		i := strings.IndexByte(line, '/')
		if len(fields) < 6 || i < 0 || !strings.HasSuffix(fields[1], "s") || strings.HasPrefix(line[i:], "/dev/") {
			continue
		}
		mapped[fields[0]] = strings.TrimSuffix(line[i:], "\n")
	}
	return mapped
}
