package memlimit

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strings"
)

// ownBounds returns the limits of this process.
func ownBounds(read files) ([]bound, error) {
	var bounds []bound
	if limit := addressSpace(); limit < unlimited {
		used, err := mapped(read)
		if err != nil {
			return nil, err
		}
		bounds = append(bounds, bound{"RLIMIT_AS of each rank", limit, used, true})
	}
	if limit := debug.SetMemoryLimit(-1); limit < unlimited {
		bounds = append(bounds, bound{"GOMEMLIMIT of each rank", limit, heldByGo(), true})
	}
	return bounds, nil
}

const statm = "/proc/self/statm"

// mapped returns the size of the process's address space, whose pages are the first
// number of statm.
func mapped(read files) (int64, error) {
	text, ok := read(statm)
	if !ok {
		return 0, nil
	}
	pages, _, _ := strings.Cut(text, " ")
	n, err := parseBytes(statm, pages)
	if err != nil {
		return 0, fmt.Errorf("the size of the address space: %w", err)
	}
	page := int64(os.Getpagesize())
	return min(n, math.MaxInt64/page) * page, nil
}

// heldByGo returns the memory that GOMEMLIMIT is about.
func heldByGo() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
