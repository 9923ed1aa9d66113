package memlimit

import (
	"errors"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRanks: limits of each rank are multiplied, those of the node are divided.
func TestRanks(t *testing.T) {
	own := func(free int64) func(files) ([]bound, error) {
		return func(files) ([]bound, error) { return []bound{{"of each rank", free, 0, true}}, nil }
	}
	read := tree(t, memory)
	for _, c := range []struct {
		own   int64
		ranks int
		want  Limit
	}{
		{10 * gib, 1, Limit{5 * gib, 5 * gib, "of each rank 10.0 GiB"}},
		{10 * gib, 3, Limit{5 * gib, 15 * gib, "of each rank 10.0 GiB"}},
		{10 * gib, 4, Limit{4 * gib, 16 * gib, "MemAvailable of /proc/meminfo 32.0 GiB"}},
		{math.MaxInt64, math.MaxInt, Limit{0, 16 * gib, "MemAvailable of /proc/meminfo 32.0 GiB"}},
	} {
		got, err := find(read, own(c.own), c.ranks)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	failed := errors.New("mine")
	_, err := find(read, func(files) ([]bound, error) { return nil, failed }, 1)
	require.ErrorIs(t, err, failed)
	for _, ranks := range []int{0, -1} {
		_, err := Find(ranks)
		require.ErrorIs(t, err, fs.ErrInvalid)
	}
}

func TestNothingKnown(t *testing.T) {
	_, err := find(tree(t), none, 1)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

// TestFormat: a file that does not read as it should is an error that names it.
func TestFormat(t *testing.T) {
	good := make(map[string]string)
	for _, part := range []map[string]string{memory, proc("0::/a\n"+linesV1("/a"), mountsHybrid),
		groupV2("sys/fs/cgroup/unified/a", "8589934592", "max"), groupV1("sys/fs/cgroup/memory/a", "8589934592", "8589934592"),
		groupV1("sys/fs/cgroup/memory", noLimit, "8589934592")} {
		maps.Copy(good, part)
	}
	_, err := find(tree(t, good), none, 1)
	require.NoError(t, err)
	for _, name := range slices.Sorted(maps.Keys(good)) {
		if strings.HasPrefix(name, "proc/self") || name == "sys/fs/cgroup/memory/memory.usage_in_bytes" {
			continue
		}
		for _, bad := range []string{"x", "-1", "1e9", "8 GiB", "0x10", "1.5"} {
			text := bad
			for _, key := range []string{"MemAvailable:", "inactive_file", "total_inactive_file", "hierarchical_memory_limit"} {
				if !strings.HasSuffix(name, "memory.stat") && name != "proc/meminfo" {
					break
				}
				text += "\n" + key + " " + strings.ReplaceAll(bad, " ", "_")
			}
			spoiled := maps.Clone(good)
			spoiled[name] = text + "\n"
			_, err := find(tree(t, spoiled), none, 1)
			require.ErrorIs(t, err, ErrFormat, "%s: %q", name, text)
			require.ErrorContains(t, err, name)
		}
	}
	for _, text := range []string{"", "MemTotal: 1 kB\n", "MemFree:\n", "MemFree: x kB\n", "MemFree: 1 kB\nCached: x\n", "MemFree: 1 kB\nShmem: x\n"} {
		_, err := find(tree(t, map[string]string{"proc/meminfo": text}), none, 1)
		require.ErrorIs(t, err, ErrFormat, "%q", text)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", `a\040b`: "a b", `\134\012`: "\\\n", `\377`: "\xff",
		`\`: `\`, `\0`: `\0`, `\04`: `\04`, `\400`: `\400`, `\08x`: `\08x`, `\\040`: `\ `,
	} {
		require.Equal(t, want, unescape(in), "%q", in)
	}
}

func TestMapped(t *testing.T) {
	n, err := mapped(tree(t))
	require.NoError(t, err)
	require.Zero(t, n)
	for _, text := range []string{"", "x 1", " 1"} {
		_, err := mapped(tree(t, map[string]string{"proc/self/statm": text}))
		require.ErrorIs(t, err, ErrFormat)
	}
}

// FuzzFind: whatever the files say, there is a limit that fits what they could say, or
// an error.
func FuzzFind(f *testing.F) {
	for _, c := range layouts {
		all := make(map[string]string)
		for _, part := range c.files {
			maps.Copy(all, part)
		}
		var number, stat string
		for name, text := range all {
			if strings.HasSuffix(name, "memory.stat") {
				stat = text
			} else if strings.HasPrefix(name, "sys") {
				number = text
			}
		}
		f.Add(all["proc/self/cgroup"], all["proc/self/mountinfo"], all["proc/meminfo"], number, "1024", stat, "123 4 5", 3)
	}
	f.Fuzz(func(t *testing.T, cgroup, mountinfo, meminfo, limit, usage, stat, statm string, ranks int) {
		read := func(name string) (string, bool) {
			switch {
			case name == "/proc/self/cgroup":
				return cgroup, true
			case name == "/proc/self/mountinfo":
				return mountinfo, true
			case name == "/proc/meminfo":
				return meminfo, meminfo != ""
			case name == "/proc/self/statm":
				return statm, true
			case strings.HasSuffix(name, "/memory.stat"):
				return stat, true
			case strings.HasSuffix(name, "/memory.current") || strings.HasSuffix(name, "/memory.usage_in_bytes"):
				return usage, true
			}
			return limit, true
		}
		if n, err := mapped(read); err == nil && n < 0 {
			t.Fatal(n)
		}
		got, err := find(read, none, ranks)
		if err != nil {
			require.True(t, errors.Is(err, ErrFormat) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid), err)
			return
		}
		require.GreaterOrEqual(t, got.Bytes, int64(0))
		require.LessOrEqual(t, got.Bytes, got.Node/int64(ranks))
		require.LessOrEqual(t, got.Node, int64(math.MaxInt64/2+1))
		require.NotEmpty(t, got.Source)
	})
}
