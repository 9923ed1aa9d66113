//go:build !linux

package memlimit

import "math"

// addressSpace returns no limit: of the address space of other systems nothing is
// known that it could be compared with.
func addressSpace() int64 { return math.MaxInt64 }
