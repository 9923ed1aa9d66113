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

// Steps are put away as they come, and then read field by field, each once. There is
// memory for a few of them only.
func ExampleNewTiered() {
	dir, err := os.MkdirTemp("", "scratch")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	p, err := partition.New(comm.Self(), partition.Options{}) // in an MPI job, of all ranks
	if err != nil {
		log.Fatal(err)
	}
	store, err := soastore.NewTiered(p, soastore.TierOptions{
		Memory: 4 << 10, // of each rank; the default is what the machine has
		Path:   filepath.Join(dir, "run7"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	var plan []soastore.Access
	for step := range 10 {
		d := soa.NewDict()
		d.Set("mass", soa.Of(make([]float32, 100)))
		d.Set("id", soa.Of(make([]int64, 100)))
		if err := store.Set(fmt.Sprint(step), d); err != nil {
			log.Fatal(err)
		}
	}
	for _, field := range []string{"mass", "id"} {
		for step := range 10 {
			plan = append(plan, soastore.Access{Key: fmt.Sprint(step), Fields: []string{field}})
		}
	}
	// What is needed next is read ahead, and nothing is kept that is not needed again.
	if err := store.Plan(plan, soastore.PlanOptions{DropAfterLastRead: true}); err != nil {
		log.Fatal(err)
	}
	rows := 0
	for _, a := range plan {
		d, err := store.GetField(a.Key, a.Fields...)
		if err != nil {
			log.Fatal(err)
		}
		n, _ := d.Rows()
		rows += n
	}
	fmt.Println(rows, "rows")
	st := store.Stats()
	fmt.Println(st.Keys, "keys,", st.Bytes, "bytes left of them")
	// Output:
	// 2000 rows
	// 10 keys, 0 bytes left of them
}
