package codec_test

import (
	"encoding/binary"
	"fmt"

	"github.com/soastore/soa/codec"
)

func Example() {
	ids := make([]byte, 0, 8*10_000)
	for i := range uint64(10_000) {
		ids = binary.LittleEndian.AppendUint64(ids, 1_000_000+i)
	}
	c, err := codec.New(codec.Zstd, codec.Options{Delta: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	encoded, err := c.Encode(nil, ids, 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	decoded, err := codec.Decode(nil, encoded, codec.Options{Limit: len(ids)})
	fmt.Println(len(encoded) < len(ids)/50, len(decoded), err)
	// Output: true 80000 <nil>
}

func ExampleNewAuto() {
	c := codec.NewAuto(codec.Integer, codec.Options{})
	encoded, err := c.Encode(nil, make([]byte, 1<<20), 4)
	fmt.Println(len(encoded) < 1000, err)
	// Output: true <nil>
}
