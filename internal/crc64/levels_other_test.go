//go:build !(amd64 || arm64) || purego || noasm

package crc64

import "testing"

func eachLevel(t *testing.T, test func(t *testing.T)) { t.Run("portable", test) }
