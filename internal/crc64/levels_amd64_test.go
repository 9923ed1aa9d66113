//go:build amd64 && !purego && !noasm

package crc64

import "testing"

// eachLevel runs test with each set of kernels that this processor has.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	top := have
	defer func() { have = top }()
	for have = portable; have <= top; have++ {
		t.Run([]string{"portable", "sse", "avx2", "avx512"}[have], test)
	}
}
