package lz4

import (
	"bytes"

	"github.com/stretchr/testify/require"
)

const guard = 0xa5

// first and last return the n bytes at the room's edges, all others being guards.
func (r room) first(n int) []byte {
	r.guard()
	return r.b[:n]
}

func (r room) last(n int) []byte {
	r.guard()
	return r.b[len(r.b)-n:]
}

func (r room) guard() {
	for i := range r.b {
		r.b[i] = guard
	}
}

// intact checks that only b was written, which is at an edge of the room. It has
// capacity behind it if that is the first one.
func (r room) intact(t require.TestingT, b []byte) {
	n := len(r.b) - len(b)
	rest := r.b[len(b):]
	if len(b) > 0 && &b[0] != &r.b[0] {
		rest = r.b[:n]
	}
	require.Equal(t, n, bytes.Count(rest, []byte{guard}), "bytes outside dst were written")
}
