// Command gen writes the amd64 kernels of package shuffle. Run it as
// "go generate" in the folder of that package.
//
// Every kernel moves bytes between elements, one after the other, and planes:
// plane k holds byte k of every element. The kernels differ in the size of an
// element and in the width of the vectors.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64,!purego,!noasm")

	split2AVX2()
	join2AVX2()
	split4AVX2()
	join4AVX2()
	split8AVX2()
	join8AVX2()
	splitColumnsAVX2()
	joinColumnsAVX2()
	transposeBitsAVX2()

	split2VBMI()
	join2VBMI()
	split4VBMI()
	join4VBMI()
	split8VBMI()
	join8VBMI()
	transposeBitsGFNI()

	Generate()
}
