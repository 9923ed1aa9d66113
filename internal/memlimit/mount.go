package memlimit

import (
	"path"
	"slices"
	"strings"
)

// A mount is a place where groups of the memory controller may be seen.
type mount struct {
	at      string // folder
	root    string // the group that it shows there, as a path
	version *version
}

// parseMounts returns the mounts that /proc/self/mountinfo tells of. Its lines are
//
//	36 35 0:30 /root /at rw,relatime shared:9 - cgroup2 name rw,memory
//
// with any number of fields before the dash. In the two paths \040 and the like stand
// for a blank. Lines that are not so are left out.
//
// Source: proc_pid_mountinfo(5), cgroup_namespaces(7).
func parseMounts(text string) (mounts []mount) {
	for line := range strings.Lines(text) {
		front, back, ok := strings.Cut(line, " - ")
		left, right := strings.Split(front, " "), strings.Split(strings.TrimSuffix(back, "\n"), " ")
		if !ok || len(left) < 5 || len(right) < 3 {
			continue
		}
		if v := versionOf(right[0], right[2]); v != nil {
			mounts = append(mounts, mount{path.Clean("/" + unescape(left[4])), unescape(left[3]), v})
		}
	}
	return mounts
}

// versionOf returns which groups a file system is of, nil for all but those of memory.
func versionOf(fileSystem, options string) *version {
	switch {
	case fileSystem == "cgroup2":
		return &v2
	case fileSystem == "cgroup" && slices.Contains(strings.Split(options, ","), "memory"):
		return &v1
	}
	return nil
}

// unescape replaces each \ooo by the byte with that octal number.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// isOctal reports three octal digits of a byte.
func isOctal(s string) bool {
	return s[0] <= '3' && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '7' })
}

// inside returns the group at path relative to the one that m shows, and whether it is
// at or below that.
func (m mount) inside(group string) (string, bool) {
	if m.root == "/" {
		return group, true
	}
	rest, ok := strings.CutPrefix(group, m.root)
	return rest, ok && (rest == "" || rest[0] == '/')
}
