package memlimit

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree makes files below a new folder, the root of a machine.
func tree(t testing.TB, parts ...map[string]string) files {
	t.Helper()
	root := t.TempDir()
	for _, part := range parts {
		for name, text := range part {
			name = filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
			require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		}
	}
	return filesBelow(root)
}

const (
	mib = 1 << 20
	gib = 1 << 30
)

// memory is a machine of 64 GiB, half of them available.
var memory = map[string]string{"proc/meminfo": `MemTotal:       67108864 kB
MemFree:         8388608 kB
MemAvailable:   33554432 kB
Buffers:          102400 kB
Cached:         41943040 kB
SwapCached:            0 kB
Shmem:          10485760 kB
HugePages_Total:       0
`}

const available = 32 * gib

// none are the limits of a process that has none of its own.
func none(files) ([]bound, error) { return nil, nil }

// proc are the files that say where a process's groups are.
func proc(cgroup, mountinfo string) map[string]string {
	return map[string]string{"proc/self/cgroup": cgroup, "proc/self/mountinfo": mountinfo}
}

// groupV2 is a group of version 2 with limits, of which it uses 3 GiB, one of them for
// files that are cached and not in use.
func groupV2(dir, max, high string) map[string]string {
	return map[string]string{
		dir + "/memory.max":     max + "\n",
		dir + "/memory.high":    high + "\n",
		dir + "/memory.current": "3221225472\n",
		dir + "/memory.stat":    "anon 1073741824\nfile 2147483648\nshmem 536870912\ninactive_file 1073741824\nactive_file 536870912\n",
	}
}

// groupV1 is the same for version 1; above is the least limit of it and those above.
func groupV1(dir, limit, above string) map[string]string {
	return map[string]string{
		dir + "/memory.limit_in_bytes": limit + "\n",
		dir + "/memory.usage_in_bytes": "3221225472\n",
		dir + "/memory.stat": "cache 2\ninactive_file 3\nhierarchical_memory_limit " + above +
			"\nhierarchical_memsw_limit 9223372036854771712\ntotal_cache 2147483648\ntotal_inactive_file 1073741824\n",
	}
}

// used is what groupV1 and groupV2 use.
const used = 2 * gib

const noLimit = "9223372036854771712" // of version 1, with pages of 4 KiB

const (
	ext4     = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
	mountsV2 = ext4 + "35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
	mountsV1 = ext4 + `31 23 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,cpuacct,cpu
35 31 0:32 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:13 - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:10 - cgroup cgroup rw,xattr,name=systemd
`
	mountsHybrid = mountsV1 + "41 31 0:38 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:14 - cgroup2 cgroup2 rw,nsdelegate\n"

	slurmV2 = "/system.slice/slurmstepd.scope/job_42/step_0/user/task_0"
	slurmV1 = "/slurm/uid_1000/job_42/step_0"
	docker  = "/docker/0123456789abcdef"
	pod     = "/kubepods/burstable/pod1234/5678"
)

// linesV1 is /proc/self/cgroup of version 1.
func linesV1(group string) string {
	return "11:cpuacct,cpu:/\n5:devices:/user.slice\n4:memory:" + group + "\n1:name=systemd:/user.slice/session-1.scope\n"
}

var layouts = []struct {
	name  string
	files []map[string]string
	free  int64 // of the smallest limit
	by    string
}{
	{"no groups", []map[string]string{memory}, available, "MemAvailable of /proc/meminfo 32.0 GiB"},
	{"groups without a limit", []map[string]string{memory, proc("0::/user.slice\n", mountsV2),
		groupV2("sys/fs/cgroup/user.slice", "max", "max")}, available, "MemAvailable of /proc/meminfo 32.0 GiB"},
	{"more than there is", []map[string]string{memory, proc("0::/user.slice\n", mountsV2),
		groupV2("sys/fs/cgroup/user.slice", "99999999999", "max")}, available, "MemAvailable of /proc/meminfo 32.0 GiB"},

	{"v2, Slurm, limit in the middle", []map[string]string{memory, proc("0::"+slurmV2+"\n", mountsV2),
		groupV2("sys/fs/cgroup"+slurmV2, "max", "max"),
		groupV2("sys/fs/cgroup/system.slice/slurmstepd.scope/job_42", "17179869184", "max"),
		groupV2("sys/fs/cgroup/system.slice", "max", "max"),
	}, 16*gib - used, "cgroup v2 /system.slice/slurmstepd.scope/job_42 memory.max 16.0 GiB, of which 14.0 GiB are free"},
	{"v2, memory.high below memory.max", []map[string]string{memory, proc("0::/a/b\n", mountsV2),
		groupV2("sys/fs/cgroup/a/b", "17179869184", "8589934592"),
	}, 8*gib - used, "cgroup v2 /a/b memory.high 8.0 GiB, of which 6.0 GiB are free"},
	{"v2, used up", []map[string]string{memory, proc("0::/a\n", mountsV2),
		groupV2("sys/fs/cgroup/a", "1048576", "max"),
	}, 0, "cgroup v2 /a memory.max 1.0 MiB, of which 0 bytes are free"},
	{"v2, none at all", []map[string]string{memory, proc("0::/a\n", mountsV2),
		{"sys/fs/cgroup/a/memory.max": "0\n"},
	}, 0, "cgroup v2 /a memory.max 0 bytes"},
	{"v2, group removed", []map[string]string{memory, proc("0::/a/b (deleted)\n", mountsV2),
		groupV2("sys/fs/cgroup/a", "8589934592", "max"),
	}, 8*gib - used, "cgroup v2 /a memory.max 8.0 GiB, of which 6.0 GiB are free"},
	{"v2, container with a namespace", []map[string]string{memory, proc("0::/\n", mountsV2),
		groupV2("sys/fs/cgroup", "8589934592", "max"),
	}, 8*gib - used, "cgroup v2 / memory.max 8.0 GiB, of which 6.0 GiB are free"},
	{"v2, namespace entered, mount from outside it", []map[string]string{memory,
		proc("0::/\n", "35 24 0:30 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
		groupV2("sys/fs/cgroup", "8589934592", "max"),
	}, 8*gib - used, "cgroup v2 / memory.max 8.0 GiB, of which 6.0 GiB are free"},
	{"v2, process of another namespace", []map[string]string{memory, proc("0::/../other\n", mountsV2),
		groupV2("sys/fs/cgroup", "8589934592", "max"),
	}, 8*gib - used, "cgroup v2 / memory.max 8.0 GiB, of which 6.0 GiB are free"},
	{"v2, mounted elsewhere, names with blanks and colons", []map[string]string{memory,
		proc("0::/my job/a:b\n", ext4+`35 24 0:30 / /mnt/my\040groups\134\011x rw - cgroup2 none rw`+"\n"),
		groupV2("mnt/my groups\\\tx/my job/a:b", "8589934592", "max"),
	}, 8*gib - used, "cgroup v2 /my job/a:b memory.max 8.0 GiB, of which 6.0 GiB are free"},
	{"v2, no word of usage", []map[string]string{memory, proc("0::/a\n", mountsV2),
		{"sys/fs/cgroup/a/memory.max": "8589934592\n"},
	}, 8 * gib, "cgroup v2 /a memory.max 8.0 GiB"},

	{"v1, Slurm, limit in the middle", []map[string]string{memory, proc(linesV1(slurmV1+"/task_0"), mountsV1),
		groupV1("sys/fs/cgroup/memory"+slurmV1+"/task_0", noLimit, "17179869184"),
		groupV1("sys/fs/cgroup/memory/slurm/uid_1000/job_42", "17179869184", "17179869184"),
		groupV1("sys/fs/cgroup/memory", noLimit, noLimit),
	}, 16*gib - used, "cgroup v1 /slurm/uid_1000/job_42 memory.limit_in_bytes 16.0 GiB, of which 14.0 GiB are free"},
	{"v1, other numbers for no limit", []map[string]string{memory, proc(linesV1("/a"), mountsV1),
		groupV1("sys/fs/cgroup/memory/a", "9223372036854710272", "9223372036854710272"), // pages of 64 KiB
		groupV1("sys/fs/cgroup/memory", "18446744073709551615", "9223372036854775807"),
	}, available, "MemAvailable of /proc/meminfo 32.0 GiB"},
	{"v1, Docker without a namespace", []map[string]string{memory,
		proc(linesV1(docker), ext4+"1000 999 0:32 "+docker+" /sys/fs/cgroup/memory ro,nosuid,nodev,noexec,relatime master:13 - cgroup cgroup rw,memory\n"),
		groupV1("sys/fs/cgroup/memory", "8589934592", "8589934592"),
	}, 8*gib - used, "cgroup v1 " + docker + " memory.limit_in_bytes 8.0 GiB, of which 6.0 GiB are free"},
	{"v1, Kubernetes, the limit is the pod's, which is not seen", []map[string]string{memory,
		proc(linesV1(pod), ext4+"1000 999 0:32 "+pod+" /sys/fs/cgroup/memory ro,nosuid,nodev,noexec,relatime master:13 - cgroup cgroup rw,memory\n"),
		groupV1("sys/fs/cgroup/memory", noLimit, "8589934592"),
	}, 8*gib - used, "cgroup v1 " + pod + " hierarchical_memory_limit 8.0 GiB, of which 6.0 GiB are free"},
	{"v1, a group below a container's", []map[string]string{memory,
		proc(linesV1(docker+"/a"), ext4+"1000 999 0:32 "+docker+" /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
		groupV1("sys/fs/cgroup/memory", "17179869184", "17179869184"),
		groupV1("sys/fs/cgroup/memory/a", "8589934592", "8589934592"),
	}, 8*gib - used, "cgroup v1 " + docker + "/a memory.limit_in_bytes 8.0 GiB, of which 6.0 GiB are free"},
	{"v1, another container's mount beside ours", []map[string]string{memory,
		proc(linesV1("/user.slice"), mountsV1+"1000 999 0:32 "+docker+" /var/other/memory rw - cgroup cgroup rw,memory\n"),
		groupV1("var/other/memory", "1048576", "1048576"),
		groupV1("sys/fs/cgroup/memory/user.slice", "8589934592", "8589934592"),
	}, 8*gib - used, "cgroup v1 /user.slice memory.limit_in_bytes 8.0 GiB, of which 6.0 GiB are free"},
	{"v1, a mount whose root begins like our group", []map[string]string{memory,
		proc(linesV1("/docker/ab"), mountsV1+"1000 999 0:32 /docker/a /var/other/memory rw - cgroup cgroup rw,memory\n"),
		groupV1("var/other/memory", "1048576", "1048576"),
	}, available, "MemAvailable of /proc/meminfo 32.0 GiB"},

	{"hybrid, memory in v1", []map[string]string{memory, proc(linesV1("/a/b")+"0::/a/b\n", mountsHybrid),
		groupV1("sys/fs/cgroup/memory/a", "8589934592", "8589934592"),
		{"sys/fs/cgroup/unified/a/b/cgroup.procs": ""},
	}, 8*gib - used, "cgroup v1 /a memory.limit_in_bytes 8.0 GiB, of which 6.0 GiB are free"},
	{"hybrid, memory in v2", []map[string]string{memory, proc("1:name=systemd:/a\n0::/a/b\n", mountsHybrid),
		groupV2("sys/fs/cgroup/unified/a", "8589934592", "max"),
	}, 8*gib - used, "cgroup v2 /a memory.max 8.0 GiB, of which 6.0 GiB are free"},
	{"groups, and nothing of the machine", []map[string]string{proc("0::/a\n", mountsV2),
		groupV2("sys/fs/cgroup/a", "8589934592", "max"),
	}, 8*gib - used, "cgroup v2 /a memory.max 8.0 GiB, of which 6.0 GiB are free"},

	{"old kernel: files of tmpfs are not free", []map[string]string{
		{"proc/meminfo": "MemTotal: 67108864 kB\nMemFree: 1048576 kB\nCached: 4194304 kB\nShmem: 3145728 kB\n"},
	}, 2 * gib, "MemFree and Cached of /proc/meminfo 2.0 GiB"},
	{"old kernel: little is told", []map[string]string{{"proc/meminfo": "MemFree: 1024 kB\n"}}, mib, "MemFree and Cached of /proc/meminfo 1.0 MiB"},
}

func TestLayouts(t *testing.T) {
	for _, c := range layouts {
		t.Run(c.name, func(t *testing.T) {
			read := tree(t, c.files...)
			for _, ranks := range []int{1, 3} {
				got, err := find(read, none, ranks)
				require.NoError(t, err)
				require.Equal(t, Limit{c.free / 2 / int64(ranks), c.free / 2, c.by}, got)
			}
		})
	}
}

// TestMiddleGroupMoves puts the limit on each group of a path in turn.
func TestMiddleGroupMoves(t *testing.T) {
	for dir := slurmV2; dir != "/"; dir = filepath.Dir(dir) {
		got, err := find(tree(t, memory, proc("0::"+slurmV2+"\n", mountsV2), groupV2("sys/fs/cgroup"+dir, "8589934592", "max")), none, 1)
		require.NoError(t, err)
		require.Equal(t, int64(8*gib-used)/2, got.Bytes)
		require.Contains(t, got.Source, "v2 "+dir+" memory.max")
	}
}

// TestEveryFileMissing: whichever file is missing, the others still count.
func TestEveryFileMissing(t *testing.T) {
	all := make(map[string]string)
	for _, part := range []map[string]string{memory, proc("0::/a\n", mountsV2), groupV2("sys/fs/cgroup/a", "8589934592", "17179869184")} {
		maps.Copy(all, part)
	}
	want := map[string]int64{
		"proc/self/cgroup": available, "proc/self/mountinfo": available,
		"sys/fs/cgroup/a/memory.max": 16*gib - used, "sys/fs/cgroup/a/memory.current": 8 * gib, "sys/fs/cgroup/a/memory.stat": 5 * gib,
	}
	for name := range all {
		left := maps.Clone(all)
		delete(left, name)
		got, err := find(tree(t, left), none, 1)
		require.NoError(t, err)
		free, ok := want[name]
		if !ok {
			free = 8*gib - used
		}
		require.Equal(t, free/2, got.Bytes, name)
	}
}
