package blosc_test

import (
	"errors"
	"fmt"

	"github.com/soastore/soa/codec/blosc"
)

func Example() {
	array := make([]byte, 4*1000)
	chunk, err := blosc.Encode(nil, array, 4, blosc.Options{Compressor: blosc.Zstd})
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := blosc.ParseHeader(chunk)
	fmt.Println(h.Compressor, h.TypeSize, h.Bytes, err)
	back, err := blosc.Decode(nil, chunk, blosc.Options{})
	fmt.Println(len(back), err)
	_, err = blosc.Decode(nil, chunk, blosc.Options{Limit: 100})
	fmt.Println(errors.Is(err, blosc.ErrLimit))
	// Output:
	// zstd 4 4000 <nil>
	// 4000 <nil>
	// true
}
