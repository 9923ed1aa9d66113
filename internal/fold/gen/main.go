// Command gen writes the amd64 kernels of package fold. Run it as "go generate"
// in the folder of that package.
//
// The kernels are one algorithm, which ../keys.go explains, at several widths:
// a kernel holds lanes vectors of the message, and a turn moves all of them on
// over the next lanes vectors, while these are added.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

// ahead is how far the kernels that only read prefetch: to the next page, where
// the processor's own prefetching stops. That makes them a fifth faster from
// memory and costs nothing from the caches. Copies are bound by their stores.
const ahead = 4096

func main() {
	ConstraintExpr("amd64,!purego,!noasm")

	kernel{name: "updateAVX512", vector: zmm, lanes: 8, prefetch: ahead}.generate()
	kernel{name: "updateAVX2", vector: ymm, lanes: 8, prefetch: ahead}.generate()
	kernel{name: "updateSSE", vector: xmm, lanes: 8, prefetch: ahead}.generate()
	kernel{name: "updateSSE16", vector: xmm, lanes: 1}.generate()

	kernel{name: "copyAVX512", vector: zmm, lanes: 8, copies: true}.generate()
	kernel{name: "copyAVX2", vector: ymm, lanes: 8, copies: true}.generate()
	kernel{name: "copySSE", vector: xmm, lanes: 8, copies: true}.generate()

	hasVPCLMULQDQ()

	Generate()
}
