package soastore_test

import (
	"encoding/json"
	"expvar"
	"fmt"
	"log"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// What a program that serves HTTP shows of its stores at /debug/vars.
var stores = expvar.NewMap("soastore")

func ExampleTiered_Stats() {
	p, err := partition.New(comm.Self(), partition.Options{})
	if err != nil {
		log.Fatal(err)
	}
	store, err := soastore.NewTiered(p, soastore.TierOptions{Memory: 1 << 20})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	stores.Set("run7", expvar.Func(func() any { return store.Stats() }))

	d := soa.NewDict()
	d.Set("x", soa.Of([]float32{1, 2, 3}))
	if err := store.Set("step_41", d); err != nil {
		log.Fatal(err)
	}
	var shown struct{ Keys, Memory int }
	if err := json.Unmarshal([]byte(stores.Get("run7").String()), &shown); err != nil {
		log.Fatal(err)
	}
	fmt.Println(shown.Keys, "key,", shown.Memory, "bytes in memory")
	// Output:
	// 1 key, 12 bytes in memory
}
