package soastore_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// Steps are on a parallel file system; those in use are kept in memory.
func ExampleNewCache() {
	dir, err := os.MkdirTemp("", "steps")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	p, err := partition.New(comm.Self(), partition.Options{}) // in an MPI job, of all ranks
	if err != nil {
		log.Fatal(err)
	}
	steps, err := soastore.NewNPZ(p, soastore.Options{Path: filepath.Join(dir, "run7")})
	if err != nil {
		log.Fatal(err)
	}
	// Each rank's own, and at most 1 GiB of it.
	memory, err := soastore.NewNPZ(p, soastore.Options{Independent: true})
	if err != nil {
		log.Fatal(err)
	}
	store, err := soastore.NewCache(steps, memory, soastore.CacheOptions{MaxSize: 1 << 30})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close() // and steps, and memory

	d := soa.NewDict()
	d.Set("x", soa.Of([]float32{1, 2, 3}))
	d.Set("id", soa.Of([]int64{7, 8, 9}))
	if err := store.Set("step_41", d); err != nil {
		log.Fatal(err)
	}
	for range 3 {
		if _, err := store.Get("step_41"); err != nil {
			log.Fatal(err)
		}
	}
	id, err := store.GetField("step_41", "id")
	fmt.Println(id, err)

	stats := store.CacheStats()
	fmt.Printf("%d of %d reads were hits\n", stats.Hits, stats.Requests())
	fmt.Printf("%d bytes are cached\n", store.Info().Size)
	// Output:
	// {id:int64[3]} <nil>
	// 3 of 4 reads were hits
	// 36 bytes are cached
}
