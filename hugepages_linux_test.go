package soa

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestPreferHuge looks the flag of huge pages up where the kernel lists mappings.
func TestPreferHuge(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no transparent huge pages")
	}
	for name, data := range map[string][]byte{"cleared": alloc(4 * hugeFrom), "uncleared": allocUncleared(4 * hugeFrom)} {
		middle := uintptr(unsafe.Pointer(&data[len(data)/2]))
		require.Contains(t, strings.Fields(vmFlags(t, middle)), "hg", name)
	}
	require.NotPanics(t, func() { preferHuge(nil) })
}

// vmFlags returns the flags of the mapping that has the address.
func vmFlags(t *testing.T, address uintptr) string {
	maps, err := os.ReadFile("/proc/self/smaps")
	require.NoError(t, err)
	inside := false
	for line := range strings.Lines(string(maps)) {
		var lo, hi uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &lo, &hi); n == 2 {
			inside = lo <= address && address < hi
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside {
			return flags
		}
	}
	t.Fatalf("no mapping has the address %#x", address)
	return ""
}
