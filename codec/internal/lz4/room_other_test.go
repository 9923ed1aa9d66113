//go:build !linux

package lz4

import "testing"

// A room is memory of its own.
type room struct{ b []byte }

func newRoom(t testing.TB, size int) room { return room{make([]byte, size)} }
