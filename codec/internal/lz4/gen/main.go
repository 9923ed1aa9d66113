// Command gen writes the amd64 kernel of package lz4. Run it as "go generate" in
// the folder of that package.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64,!purego,!noasm")
	sequences()
	Generate()
}
