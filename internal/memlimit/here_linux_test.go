package memlimit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/soastore/soa/internal/testkit"
)

// TestHere asks the machine that the test runs on.
func TestHere(t *testing.T) {
	var system unix.Sysinfo_t
	require.NoError(t, unix.Sysinfo(&system))
	total := int64(system.Totalram) * int64(system.Unit)
	one, err := Find(1)
	require.NoError(t, err)
	t.Log(one)
	require.Positive(t, one.Bytes)
	require.LessOrEqual(t, one.Node, total/2)
	require.Equal(t, one.Node, one.Bytes)
	many, err := Find(1000)
	require.NoError(t, err)
	require.LessOrEqual(t, many.Bytes, total/2000)
}

// ownGroups returns the groups that the process is found to be in, of each version the
// lowest first.
func ownGroups(t *testing.T) (groups [][]group) {
	read := filesBelow("/")
	table, _ := read("/proc/self/mountinfo")
	own, _ := read("/proc/self/cgroup")
	for _, v := range []*version{&v1, &v2} {
		name, _ := ownGroup(own, v)
		if found := visible(parseMounts(table), v, name); len(found) > 0 {
			t.Log(v.name, name, found)
			groups = append(groups, found)
		}
	}
	if len(groups) == 0 {
		testkit.Missing(t, "control groups are not mounted")
	}
	return groups
}

// requireMember holds a group to the kernel's own list of its processes.
func requireMember(t *testing.T, g group) {
	text, err := os.ReadFile(filepath.Join(g.dir, "cgroup.procs"))
	require.NoError(t, err)
	require.Contains(t, strings.Fields(string(text)), strconv.Itoa(os.Getpid()))
	_, err = g.bounds(filesBelow("/"))
	require.NoError(t, err)
}

func TestOwnGroup(t *testing.T) {
	for _, groups := range ownGroups(t) {
		requireMember(t, groups[0])
	}
}

// The tests below run a part of themselves, or Find, in a process of its own. It is
// this program, which finds in the environment what to do.
const (
	answerEnv  = "MEMLIMIT_TEST_ANSWER"  // a file to write what Find returns to
	joinEnv    = "MEMLIMIT_TEST_JOIN"    // a control group to go to first
	spaceEnv   = "MEMLIMIT_TEST_SPACE"   // bytes of address space to leave first
	mountEnv   = "MEMLIMIT_TEST_MOUNT"   // a folder to mount control groups in
	versionEnv = "MEMLIMIT_TEST_VERSION" // of which version
)

// child runs a test of this program in a process of its own.
func child(t *testing.T, test string, attr *syscall.SysProcAttr, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", "^"+test+"$", "-test.v")
	cmd.Env, cmd.SysProcAttr = append(os.Environ(), env...), attr
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if errors.Is(err, unix.EPERM) {
		t.Skipf("not allowed to: %v", err) // a privilege, and no tool that could be installed
	}
	require.NoError(t, err)
	if strings.Contains(string(out), "--- SKIP") {
		t.SkipNow()
	}
}

// childLimit returns what Find(1) is in a process of its own.
func childLimit(t *testing.T, env ...string) (answer Limit) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "answer")
	child(t, "TestChild", nil, append(env, answerEnv+"="+file)...)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &answer))
	return answer
}

func TestChild(t *testing.T) {
	file := os.Getenv(answerEnv)
	if file == "" {
		t.Skip("a part of other tests")
	}
	if group := os.Getenv(joinEnv); group != "" {
		require.NoError(t, os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0))
	}
	if text := os.Getenv(spaceEnv); text != "" {
		space, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		used, err := mapped(filesBelow("/"))
		require.NoError(t, err)
		limit := unix.Rlimit{Cur: uint64(used) + space, Max: unix.RLIM_INFINITY}
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_AS, &limit))
	}
	answer, err := Find(1)
	require.NoError(t, err)
	text, err := json.Marshal(answer)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text, 0o600))
}

func TestAddressSpace(t *testing.T) {
	got := childLimit(t, fmt.Sprintf("%s=%d", spaceEnv, gib))
	require.Contains(t, got.Source, "RLIMIT_AS of each rank")
	require.Contains(t, got.Source, "are free")
	require.LessOrEqual(t, got.Bytes, int64(gib/2))
	require.Positive(t, got.Bytes)
}

func TestGoMemoryLimit(t *testing.T) {
	got := childLimit(t, "GOMEMLIMIT=128MiB")
	require.Contains(t, got.Source, "GOMEMLIMIT of each rank 128.0 MiB, of which ")
	require.Less(t, got.Bytes, int64(64*mib))
	require.Greater(t, got.Bytes, int64(16*mib))
}

// TestNamespace: a process with a control group namespace of its own finds its group
// where that is mounted, under a name that the kernel escapes. It only looks: neither
// the groups nor the mounts of others change.
func TestNamespace(t *testing.T) {
	attr := &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP}
	for _, groups := range ownGroups(t) {
		version := groups[0].version.name
		t.Run(version, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a\tb \\040")
			require.NoError(t, os.Mkdir(dir, 0o700))
			child(t, "TestInNamespace", attr, mountEnv+"="+dir, versionEnv+"="+version)
		})
	}
}

func TestInNamespace(t *testing.T) {
	dir := os.Getenv(mountEnv)
	if dir == "" {
		t.Skip("a part of TestNamespace")
	}
	fileSystem, options := "cgroup2", ""
	if os.Getenv(versionEnv) == v1.name {
		fileSystem, options = "cgroup", "memory"
	}
	if err := unix.Mount("none", dir, fileSystem, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		t.Skipf("mounting %s: %v", fileSystem, err)
	}
	groups := slices.Concat(ownGroups(t)...)
	at := slices.IndexFunc(groups, func(g group) bool { return g.dir == dir })
	require.GreaterOrEqual(t, at, 0)
	requireMember(t, groups[at])
	_, err := Find(1)
	require.NoError(t, err)
}

// TestOwnLimit sets limits of a control group of its own, below the one that the
// environment variable SOA_TEST_CGROUP names and that has the memory controller. It
// makes none unasked: the group that the test runs in belongs to who started it.
func TestOwnLimit(t *testing.T) {
	parent := os.Getenv("SOA_TEST_CGROUP")
	if parent == "" {
		t.Skip("SOA_TEST_CGROUP names no folder of a control group to make others in")
	}
	own := filepath.Join(parent, "memlimit-test")
	require.NoError(t, os.Mkdir(own, 0o700))
	t.Cleanup(func() { require.NoError(t, os.Remove(own)) })
	limited := 0
	for _, name := range slices.Concat(v2.limits, v1.limits) {
		file := filepath.Join(own, name)
		if os.WriteFile(file, []byte(strconv.Itoa(256*mib)), 0) != nil {
			continue // of the other version
		}
		limited++
		got := childLimit(t, joinEnv+"="+own)
		require.Contains(t, got.Source, "memlimit-test "+name+" 256.0 MiB, of which ")
		require.Less(t, got.Bytes, int64(128*mib))
		require.Greater(t, got.Bytes, int64(64*mib))
		if slices.Contains(v2.limits, name) {
			require.NoError(t, os.WriteFile(file, []byte("max"), 0))
		}
	}
	require.Positive(t, limited)
}
