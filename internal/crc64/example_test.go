package crc64_test

import (
	"fmt"
	"sync"

	"github.com/soastore/soa/internal/crc64"
)

// Two halves are summed at the same time.
func ExampleCombine() {
	data := []byte("the quick brown fox jumps over the lazy dog")
	a, b := data[:20], data[20:]

	var sumA, sumB uint64
	var both sync.WaitGroup
	both.Go(func() { sumA = crc64.Checksum(a) })
	both.Go(func() { sumB = crc64.Checksum(b) })
	both.Wait()

	fmt.Println(crc64.Combine(sumA, sumB, int64(len(b))) == crc64.Checksum(data))
	// Output: true
}

func ExampleUpdateCopy() {
	src := []byte("123456789")
	dst := make([]byte, len(src))
	fmt.Printf("%x %s\n", crc64.UpdateCopy(0, dst, src), dst)
	// Output: 995dc9bbdf1939fa 123456789
}
