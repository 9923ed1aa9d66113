package memlimit

import (
	"math"

	"golang.org/x/sys/unix"
)

// addressSpace returns the limit of the process's address space.
func addressSpace() int64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err != nil {
		return math.MaxInt64
	}
	return int64(min(limit.Cur, math.MaxInt64))
}
