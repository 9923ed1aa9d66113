//go:build !purego && !noasm

package fold

import "golang.org/x/sys/cpu"

// pmull is the level of the kernel.
const pmull level = 1

func (l level) String() string { return [...]string{"portable", "pmull"}[l] }

func detect() level {
	if cpu.ARM64.HasPMULL {
		return pmull
	}
	return portable
}

// updatePMULL returns the remainder r after p, whose length is a multiple of 16 and
// not 0.
//
//go:noescape
func updatePMULL(r uint64, p []byte, keys *[8][2]uint64) uint64

// Update returns the remainder r after the front of p, and the rest of p: at most 15
// bytes, or all where there is no kernel.
func (c *CRC) Update(r uint64, p []byte) (_ uint64, rest []byte) {
	for n := whole(p, 16); n > 0 && have >= pmull; n = whole(p, 16) {
		r, p = updatePMULL(r, p[:n], &c.keys), p[n:]
	}
	return r, p
}
