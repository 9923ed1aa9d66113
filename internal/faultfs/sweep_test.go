package faultfs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/stretchr/testify/require"
)

// replace puts text into the file path, all or nothing: what a sweep is for.
func replace(f fsys.FS, path, text string) error {
	partial := path + ".partial"
	file, err := f.OpenFile(partial, create)
	if err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(text), 0)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = f.Rename(partial, path)
	}
	if err != nil {
		_ = f.Remove(partial) // what failed first is what counts
	}
	return err
}

func TestSweep(t *testing.T) {
	const oldText, newText = "old", "new text"
	tests := []struct {
		name  string
		fault faultfs.Fault
		hits  int
	}{
		{"once", faultfs.Fault{}, 4},
		{"short", faultfs.Fault{Err: syscall.ENOSPC, Short: true}, 4},
		{"crash", faultfs.Fault{Span: faultfs.Crash}, 4},
		{"one kind", faultfs.Fault{Op: faultfs.Rename}, 1},
		{"from the third on", faultfs.Fault{Skip: 2}, 2},
		{"never", faultfs.Fault{Op: faultfs.Sync}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			success := 0
			hits := faultfs.Sweep(t, test.fault, func(t *testing.T, f *faultfs.FS) {
				path := filepath.Join(t.TempDir(), "file")
				require.NoError(t, os.WriteFile(path, []byte(oldText), 0o600))
				want := oldText
				err := replace(f, path, newText)
				if err == nil {
					want = newText
					success++
				}
				got, rerr := os.ReadFile(path)
				require.NoError(t, rerr)
				require.Equal(t, want, string(got))
				require.Equal(t, len(f.Fired()) > 0, err != nil)
				if test.fault.Span != faultfs.Crash {
					require.NoFileExists(t, path+".partial")
				}
			})
			require.Equal(t, test.hits, hits)
			require.Equal(t, 1, success, "the last run")
		})
	}
}

// A failing Sweep fails its test, so it runs in a process of its own.
func TestSweepFails(t *testing.T) {
	for _, name := range []string{"Leak", "Wrong"} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestSweepOf"+name+"$")
			cmd.Env = append(os.Environ(), "SOA_SWEEP_FAILS=1")
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), "run 1 was hit at [WriteAt", "%s", out)
			if name == "Leak" {
				require.Contains(t, string(out), "left open")
			}
			require.NotContains(t, string(out), "run 2", "Sweep ends there")
		})
	}
}

func TestSweepOfLeak(t *testing.T) {
	if os.Getenv("SOA_SWEEP_FAILS") == "" {
		t.Skip("for TestSweepFails")
	}
	faultfs.Sweep(t, faultfs.Fault{}, func(t *testing.T, f *faultfs.FS) {
		file, err := f.OpenFile(filepath.Join(t.TempDir(), "a"), create)
		if err != nil {
			return
		}
		if _, err := file.WriteAt([]byte("a"), 0); err == nil {
			_ = file.Close()
		}
	})
}

func TestSweepOfWrong(t *testing.T) {
	if os.Getenv("SOA_SWEEP_FAILS") == "" {
		t.Skip("for TestSweepFails")
	}
	faultfs.Sweep(t, faultfs.Fault{}, func(t *testing.T, f *faultfs.FS) {
		path := filepath.Join(t.TempDir(), "a")
		_ = replace(f, path, "text")
		require.False(t, f.Count(faultfs.WriteAt) > 0 && len(f.Fired()) > 0)
	})
}
