//go:build amd64 && !purego && !noasm

package lz4

import "testing"

// eachLevel runs test with each kernel that this processor has.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	top := have
	defer func() { have = top }()
	for have = portable; have <= top; have++ {
		t.Run([]string{"portable", "avx2"}[have], test)
	}
}

// otherLevel decodes by the portable code.
func otherLevel(dst, src []byte) error {
	top := have
	defer func() { have = top }()
	have = portable
	return Decode(dst, src)
}
