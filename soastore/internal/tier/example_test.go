package tier_test

import (
	"context"
	"fmt"
	"log"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/soastore/internal/tier"
)

// Two values that together exceed raw memory: the one used longer ago is packed.
func Example() {
	ctx := context.Background()
	tiers, err := tier.New(nil, tier.Options{ // nothing below
		Memory: 10_000, Compressed: 10_000,
		Codec: func(soa.DType) codec.Codec { return codec.NewAuto(codec.Integer, codec.Options{}) },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer tiers.Close()
	for _, id := range []string{"step_1", "step_2"} {
		d := soa.NewDict()
		d.Set("id", soa.Of(make([]int64, 1000)))
		if err := tiers.Put(ctx, id, d); err != nil {
			log.Fatal(err)
		}
	}
	place, _ := tiers.Where("step_1")
	fmt.Println("packed:", place.Packed)
	d, err := tiers.Get(ctx, "step_1", []string{"id"}) // which packs step_2
	fmt.Println(d, err)
	place, _ = tiers.Where("step_1")
	fmt.Println("raw:", place.Raw)
	fmt.Println(tiers.Stats().Memory.Stored, "bytes are raw")
	// Output:
	// packed: [id]
	// {id:int64[1000]} <nil>
	// raw: [id]
	// 8000 bytes are raw
}
