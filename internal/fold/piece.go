//go:build (amd64 || arm64) && !purego && !noasm

package fold

// piece is how many bytes a kernel takes in one call. A goroutine cannot be
// stopped in a kernel, and the garbage collector waits until all are stopped.
const piece = 1 << 20

// whole returns how many bytes at the front of p a kernel can take in one call that
// takes turn bytes at a time, a power of two.
func whole(p []byte, turn int) int { return min(len(p), piece) &^ (turn - 1) }
