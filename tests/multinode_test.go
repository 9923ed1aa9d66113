//go:build cgo

package tests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// The cluster that nodes.sh makes. Ranks 0 and 1 are on node1, ranks 2 and 3 on node2.
const (
	clusterNodes = 2
	ranksOnNode  = 2
)

// TestNodes runs jobs on several nodes, of which each has a disk of its own besides
// those that all share, with messages over TCP. The nodes are this machine's, in namespaces: that takes
// privileges, without which the test is skipped, even under CI.
func TestNodes(t *testing.T) {
	for _, tool := range []string{"mpirun", "ip", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("nodes cannot be made on this machine: %v", err)
		}
	}
	if out, err := inNamespaces(t, "ip", "link", "add", "probe", "type", "bridge"); err != nil {
		t.Skipf("nodes cannot be made on this machine: %v\n%s", err, out)
	}
	t.Run("folders", func(t *testing.T) {
		dir := t.TempDir()
		local, shared := filepath.Join(dir, "local"), filepath.Join(dir, "shared")
		require.NoError(t, errors.Join(os.Mkdir(local, 0o700), os.Mkdir(shared, 0o700)))
		require.Contains(t, onCluster(t, dir, "nodes", local, shared), "passed on 4 ranks of 2 nodes\n")
		for _, dir := range []string{local, shared} {
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		}
	})
	t.Run("suite", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes several seconds")
		}
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "local"), 0o700))
		kinds := []string{"gio per node", "npz"}
		out := onCluster(t, dir, "suite", kinds...)
		for _, kind := range kinds {
			require.Contains(t, out, kind+": passed on 4 ranks\n")
		}
	})
}

// onCluster runs a program on the ranks of all nodes, whose own disks are at dir/local,
// and returns what they print.
func onCluster(t *testing.T, dir, program string, args ...string) string {
	self, err := os.Executable()
	require.NoError(t, err)
	command := []string{fmt.Sprint(clusterNodes), fmt.Sprint(ranksOnNode), dir, self, "-test.run=^TestRank$", program}
	out, err := inNamespaces(t, "./nodes.sh", append(command, args...)...)
	require.NoError(t, err, "%s", out)
	return out
}

// inNamespaces runs a command in namespaces of its own, which end with it, and it with
// the test, however that ends: no process, mount or network stays.
func inNamespaces(t *testing.T, name string, args ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	runtime.LockOSThread() // whose end would be the command's
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
		Unshareflags: syscall.CLONE_NEWNS, // and makes mounts private
		Pdeathsig:    syscall.SIGKILL,
	}
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	require.NoError(t, ctx.Err(), "the job hung: %s", &out)
	return out.String(), err
}

// onNode is a rank's part of the tests of folders. Its arguments are the folder that is
// each node's own, and the one that all share.
func onNode(_ *testing.T, c comm.Comm, args []string) error {
	local, shared := args[0], args[1]
	for _, kind := range fileKinds() {
		localTest := localFolder
		if kind.Name == "gio one file" {
			localTest = oneFileRefused
		}
		tests := []struct {
			dir  string
			test func(*storetest.Env)
		}{{local, nodeGroups}, {local, localTest}, {shared, sharedFolder}}
		for _, test := range tests {
			if err := storetest.OneRank(c, kind, test.dir, test.test); err != nil {
				return fmt.Errorf("%s in %s: %w", kind.Name, filepath.Base(test.dir), err)
			}
		}
	}
	if c.Rank() == 0 {
		fmt.Printf("passed on %d ranks of %d nodes\n", c.Size(), clusterNodes)
	}
	return nil
}

// nodeOf returns the number of a rank's node, from 0.
func nodeOf(rank int) int { return rank / ranksOnNode }

// nodeGroups checks where ranks are, and that nodes' folders are their own.
func nodeGroups(e *storetest.Env) {
	require.Equal(e, clusterNodes*ranksOnNode, e.C.Size())
	require.Equal(e, fmt.Sprintf("node%d", nodeOf(e.C.Rank())+1), e.C.Host())
	group, err := comm.SplitByHost(context.Background(), e.C)
	require.NoError(e, err)
	require.Equal(e, [2]int{e.C.Rank() % ranksOnNode, ranksOnNode}, [2]int{group.Rank(), group.Size()})
	sum, err := comm.Allreduce(context.Background(), group, comm.Sum, []int{e.C.Rank()})
	require.NoError(e, err)
	require.Equal(e, []int{[]int{0 + 1, 2 + 3}[nodeOf(e.C.Rank())]}, sum)
	require.NoError(e, group.Close())
	require.Empty(e, e.Left())
}

// localFolder keeps a store on the disks of the nodes.
func localFolder(e *storetest.Env) {
	opts := soastore.Options{Keep: true}
	s := e.Open(opts)
	rank := e.C.Rank()
	for seed := range 3 {
		require.NoError(e, s.Set("k", block(rank, seed, blockRows/10)))
		holds(e, s, "k", seed, blockRows/10)
		checkNodeFiles(e, seed%2)
	}
	require.NoError(e, s.Close())

	opts.Reopen = true
	s = e.Open(opts)
	holds(e, s, "k", 2, blockRows/10)
	require.NoError(e, s.Set("k", block(rank, 3, blockRows/10)))
	holds(e, s, "k", 3, blockRows/10)
	oneDiskFull(e, s)
	got, err := s.Pop("k")
	require.NoError(e, err)
	require.True(e, got.Equal(block(rank, 3, blockRows/10)))
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}

// checkNodeFiles checks that this node has its own ranks' files of the key k and, of
// GenericIO, the same rank map as the other. Of other formats than those it asks
// nothing of the names. generation is 0 for the first numbers of
// partitions and 1 for the second.
func checkNodeFiles(e *storetest.Env, generation int) {
	node := nodeOf(e.C.Rank())
	first, second := ranksOnNode*node, ranksOnNode*node+1
	want, names := []string(nil), e.Names()
	switch e.Kind.Name {
	case "npz", "npz deflate":
		want = []string{fmt.Sprintf("tmp_k.tmp.rank-%d.npz", first), fmt.Sprintf("tmp_k.tmp.rank-%d.npz", second)}
	case "gio per rank":
		base := generation * clusterNodes * ranksOnNode
		want = []string{"tmp_k.tmp.gio", fmt.Sprintf("tmp_k.tmp.gio#%d", base+first), fmt.Sprintf("tmp_k.tmp.gio#%d", base+second)}
	case "gio per node":
		want = []string{"tmp_k.tmp.gio", fmt.Sprintf("tmp_k.tmp.gio#%d", generation*clusterNodes+node)}
	}
	if want != nil {
		require.Equal(e, want, names)
	}
	if slices.Contains(names, "tmp_k.tmp.gio") {
		rankMap, err := os.ReadFile(filepath.Join(e.Dir, "tmp_k.tmp.gio"))
		require.NoError(e, err)
		e.SameText(string(rankMap))
	}
}

// oneDiskFull fills the disk of the last node: no node gets the value, or keeps what
// was written of it.
func oneDiskFull(e *storetest.Env, s storetest.Store) {
	filler := filepath.Join(e.Dir, "filler")
	if e.C.Rank() == e.C.Size()-1 {
		require.ErrorIs(e, fill(filler), syscall.ENOSPC)
	}
	names := e.Names()
	for _, key := range []string{"k", "new"} {
		e.Fails(s.Set(key, block(e.C.Rank(), 9, blockRows)), soastore.ErrNoSpace)
		require.Equal(e, names, e.Names())
		holds(e, s, "k", 3, blockRows/10)
	}
	if e.C.Rank() == e.C.Size()-1 {
		require.NoError(e, os.Remove(filler))
	}
	require.NoError(e, comm.Barrier(context.Background(), e.C))
}

// fill writes a file until that fails, for want of room.
func fill(name string) error {
	f, err := os.Create(name)
	for err == nil {
		_, err = f.Write(make([]byte, 64<<10))
	}
	return errors.Join(err, f.Close())
}

// oneFileRefused asks for one file of ranks that share no folder.
func oneFileRefused(e *storetest.Env) {
	_, err := e.TryOpen(soastore.Options{})
	e.Fails(err, soastore.ErrOptions)
	require.ErrorContains(e, err, "LayoutPerNode")
	require.Empty(e, e.Names())
}

// sharedFolder keeps a store in a folder that all nodes see.
func sharedFolder(e *storetest.Env) {
	s := e.Open(soastore.Options{})
	rank := e.C.Rank()
	for seed := range 3 {
		require.NoError(e, s.Set("k", block(rank, seed, blockRows)))
		holds(e, s, "k", seed, blockRows)
	}
	want, ok := map[string]int{"gio per rank": 1 + 4, "gio per node": 1 + 2, "gio one file": 1, "npz": 4}[e.Kind.Name]
	if names := e.Names(); ok {
		require.Len(e, names, want)
	}
	require.NoError(e, s.Remove("k"))
	require.ErrorIs(e, s.View("k", nil, nil), soastore.ErrNotFound)
	require.NoError(e, s.Close())
	require.Empty(e, e.Left())
}
