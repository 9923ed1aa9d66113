package memlimit

import (
	"path"
	"slices"
	"strings"
)

// A version is how a version of control groups names its files. Each group has them,
// the one at the very top excepted.
type version struct {
	name   string
	limits []string
	usage  string
	// In memory.stat: the cache of files that was not used of late, which the kernel
	// takes back before a limit is exceeded; and the least of the limits of the group
	// and all above it, "" if that is not told.
	reclaimable, above string
}

// Source: the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
// Both count the groups below.
var (
	v1 = version{"cgroup v1", []string{"memory.limit_in_bytes"}, "memory.usage_in_bytes", "total_inactive_file", "hierarchical_memory_limit"}
	v2 = version{"cgroup v2", []string{"memory.max", "memory.high"}, "memory.current", "inactive_file", ""}
)

// maxPath is the longest path of a group, PATH_MAX.
const maxPath = 4096

// groupBounds returns the limits of the control groups that the process is in, of both
// versions: a system may have both, one of which has the memory controller.
func groupBounds(read files) (bounds []bound, err error) {
	table, _ := read("/proc/self/mountinfo")
	own, _ := read("/proc/self/cgroup")
	mounts := parseMounts(table)
	for _, v := range []*version{&v2, &v1} {
		group, ok := ownGroup(own, v)
		if !ok {
			continue
		}
		for _, g := range visible(mounts, v, group) {
			more, err := g.bounds(read)
			if err != nil {
				return nil, err
			}
			bounds = append(bounds, more...)
		}
	}
	return bounds, nil
}

// ownGroup returns the path of the process's group. The lines of /proc/self/cgroup are
//
//	0::/path            of version 2
//	4:memory,cpu:/path  of version 1, with its controllers
//
// Source: cgroups(7).
func ownGroup(text string, v *version) (string, bool) {
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) < 3 || len(parts[2]) > maxPath || !strings.HasPrefix(parts[2], "/") {
			continue
		}
		if v == &v2 && parts[0] == "0" && parts[1] == "" || v == &v1 && versionOf("cgroup", parts[1]) == v {
			return parts[2], true
		}
	}
	return "", false
}

// A group is a control group that can be seen.
type group struct {
	version *version
	name    string // for people
	dir     string
	top     bool // no group above it can be seen
}

// visible returns the group of that path and those above it, lowest first, as far as
// mounts show them.
//
// In a container, whose root may be any group, the path may be that from another root
// than the mount's. If no mount shows it, it is looked for below all of them, and what
// is found counts: at least the mounts' roots.
func visible(mounts []mount, v *version, of string) (groups []group) {
	for _, m := range mounts {
		if rest, ok := m.inside(of); ok && m.version == v {
			groups = append(groups, m.groups(rest)...)
		}
	}
	if groups != nil {
		return groups
	}
	for _, m := range mounts {
		if m.version == v {
			groups = append(groups, m.groups(of)...)
		}
	}
	return groups
}

// groups returns the group at rest below the mount's root and those above it.
func (m mount) groups(rest string) (groups []group) {
	for rest = path.Clean("/" + rest); ; rest = path.Dir(rest) {
		top := rest == "/"
		groups = append(groups, group{m.version, path.Join(m.root, rest), path.Join(m.at, rest), top})
		if top {
			return groups
		}
	}
}

// bounds returns the limits of the group, and how much of each is in use.
func (g group) bounds(read files) ([]bound, error) {
	bounds, err := g.limits(read)
	if err != nil || len(bounds) == 0 {
		return nil, err
	}
	used, err := g.used(read)
	for i := range bounds {
		bounds[i].used = used
	}
	return bounds, err
}

func (g group) limits(read files) (bounds []bound, err error) {
	names := g.version.limits
	if g.top && g.version.above != "" {
		names = append(slices.Clip(names), g.version.above)
	}
	for _, name := range names {
		limit, ok, err := g.number(read, name)
		if err != nil {
			return nil, err
		}
		if ok && limit < unlimited {
			bounds = append(bounds, bound{name: g.version.name + " " + g.name + " " + name, limit: limit})
		}
	}
	return bounds, nil
}

// used returns how much memory the group uses, without what is reclaimable.
func (g group) used(read files) (int64, error) {
	used, _, err := g.number(read, g.version.usage)
	if err != nil {
		return 0, err
	}
	reclaimable, _, err := g.number(read, g.version.reclaimable)
	return max(0, used-reclaimable), err
}

// number returns what the file name of the group says, or the line name of its
// memory.stat.
func (g group) number(read files, name string) (n int64, ok bool, err error) {
	if name != g.version.above && name != g.version.reclaimable {
		return read.number(path.Join(g.dir, name))
	}
	stat := path.Join(g.dir, "memory.stat")
	text, _ := read(stat)
	return field(stat, text, name)
}
