package soastore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/internal/faultfs"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// nodeFS is a file system on which the folder dir is one of the node's own.
type nodeFS struct {
	fsys.FS
	dir, own string
}

func (n nodeFS) local(name string) string {
	if rest, ok := strings.CutPrefix(name, n.dir); ok {
		return n.own + rest
	}
	return name
}

func (n nodeFS) OpenFile(name string, flag int) (fsys.File, error) {
	return n.FS.OpenFile(n.local(name), flag)
}
func (n nodeFS) Mkdir(name string) error                    { return n.FS.Mkdir(n.local(name)) }
func (n nodeFS) Rename(a, b string) error                   { return n.FS.Rename(n.local(a), n.local(b)) }
func (n nodeFS) RenameNew(a, b string) error                { return n.FS.RenameNew(n.local(a), n.local(b)) }
func (n nodeFS) Exchange(a, b string) error                 { return n.FS.Exchange(n.local(a), n.local(b)) }
func (n nodeFS) Link(a, b string) error                     { return n.FS.Link(n.local(a), n.local(b)) }
func (n nodeFS) Remove(name string) error                   { return n.FS.Remove(n.local(name)) }
func (n nodeFS) Lstat(name string) (fs.FileInfo, error)     { return n.FS.Lstat(n.local(name)) }
func (n nodeFS) ReadDir(name string) ([]fs.DirEntry, error) { return n.FS.ReadDir(n.local(name)) }

// nodeLocal returns kind on nodes each of which has a folder of its own for dir.
func nodeLocal(t *testing.T, kind storetest.Kind, dir string, under fsys.FS) storetest.Kind {
	open := kind.Open
	kind.Open = func(p *partition.Partition, opts soastore.Options) (storetest.Store, error) {
		own := nodeFolder(dir, p.Comm().Host())
		require.NoError(t, os.MkdirAll(own, 0o700))
		return open(p, soastore.WithFS(opts, nodeFS{under, dir, own}))
	}
	return kind
}

func nodeFolder(dir, host string) string { return dir + "-of-" + host }

func nodeFiles(t *testing.T, dir string) (names []string) {
	for _, host := range []string{"node0", "node1"} {
		files, err := filepath.Glob(nodeFolder(dir, host) + "/*")
		require.NoError(t, err)
		names = append(names, files...)
	}
	return names
}

// TestNodeLocal keeps values on the disks of two nodes, each of which has the rank
// map: everything works, also when it is opened again and when it fails.
func TestNodeLocal(t *testing.T) {
	testkit.NoLeaks(t)
	const n = 4
	for _, kind := range storetest.Kinds {
		if !hasOwnFiles(kind) || kind.Name == "gio one file" || kind.Name == "memmap" { // which writes around fs
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			dir := t.TempDir()
			local := nodeLocal(t, kind, dir, fsys.OS)
			storetest.InProcess(n)(t, func(c comm.Comm) error {
				return storetest.OneRank(c, local, dir, func(e *storetest.Env) { e.Lifecycle() })
			})
			require.Empty(t, nodeFiles(t, dir))
		})
		for _, op := range []string{"replace", "refused", "remove"} {
			if testing.Short() || kind.Name == "gio per node" { // which commits as per rank does
				continue
			}
			t.Run(kind.Name+", fault in "+op, func(t *testing.T) {
				faultfs.Sweep(t, faultfs.Fault{}, func(t *testing.T, f *faultfs.FS) {
					dir := t.TempDir()
					good, bad := nodeLocal(t, kind, dir, fsys.OS), nodeLocal(t, kind, dir, f)
					storetest.InProcess(n)(t, func(c comm.Comm) error {
						kind := good
						if c.Rank() == 2 { // the leader of the second node
							kind = bad
						}
						return storetest.OneRank(c, kind, dir, func(e *storetest.Env) { e.Faults(op, f.Heal, false) })
					})
					for _, name := range nodeFiles(t, dir) {
						require.Contains(t, name, ".probe", "only what could not be removed")
					}
				})
			})
			t.Run(kind.Name+", killed in "+op, func(t *testing.T) {
				faultfs.Sweep(t, faultfs.Fault{Span: faultfs.Crash}, func(t *testing.T, f *faultfs.FS) {
					dir := t.TempDir()
					good, bad := nodeLocal(t, kind, dir, fsys.OS), nodeLocal(t, kind, dir, f)
					storetest.InProcess(n)(t, func(c comm.Comm) error {
						return storetest.OneRank(c, bad, dir, func(e *storetest.Env) {
							e.Killed(op, func(k *storetest.Kind, dead storetest.Store) {
								*k = good
								soastore.EndProcess(dead)
							})
						})
					})
				})
			})
		}
	}
}

// TestOneFileNeedsOneFolder refuses to put ranks into one file that do not all see
// its folder.
func TestOneFileNeedsOneFolder(t *testing.T) {
	dir := t.TempDir()
	var oneFile storetest.Kind
	for _, kind := range storetest.Kinds {
		if kind.Name == "gio one file" {
			oneFile = nodeLocal(t, kind, dir, fsys.OS)
		}
	}
	storetest.InProcess(4)(t, func(c comm.Comm) error {
		return storetest.OneRank(c, oneFile, dir, func(e *storetest.Env) {
			_, err := e.TryOpen(soastore.Options{})
			e.Fails(err, soastore.ErrOptions)
			require.ErrorContains(e, err, "LayoutPerNode")
		})
	})
	require.Empty(t, nodeFiles(t, dir))
}
