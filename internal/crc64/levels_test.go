//go:build (amd64 || arm64) && !purego && !noasm

package crc64

import (
	"fmt"
	"testing"
)

// eachLevel runs test with each set of kernels that this processor has.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	top := have
	defer func() { have = top }()
	for have = portable; have <= top; have++ {
		t.Run(fmt.Sprint(have), test)
	}
}
