//go:build !amd64 || purego || noasm

package lz4

import "testing"

func eachLevel(t *testing.T, test func(t *testing.T)) { t.Run("portable", test) }

func otherLevel(dst, src []byte) error { return Decode(dst, src) }
