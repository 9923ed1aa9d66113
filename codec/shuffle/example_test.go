package shuffle_test

import (
	"fmt"

	"github.com/soastore/soa/codec/shuffle"
)

func Example() {
	src := []byte{10, 1, 11, 1, 12, 1} // three 16-bit numbers, 266, 267 and 268
	dst := make([]byte, len(src))
	shuffle.Shuffle(dst, src, 2)
	fmt.Println(dst)
	// Output: [10 11 12 1 1 1]
}
