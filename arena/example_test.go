package arena_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
)

func Example() {
	dir, err := os.MkdirTemp("", "arena")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	a, err := arena.Create(filepath.Join(dir, "rank0.arena"), arena.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer a.Remove()

	particles := soa.NewDict()
	particles.Set("x", soa.Of([]float64{1, 2, 3}))
	particles.Set("id", soa.Of([]int64{7, 8, 9}))
	change, err := a.Stage(context.Background(), "particles", "step 1", particles)
	if err == nil {
		err = change.Commit() // once all ranks have staged
	}
	if err == nil {
		err = change.Finish() // once all ranks have committed
	}
	if err != nil {
		log.Fatal(err)
	}

	v, err := a.Get("particles")
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	into := soa.NewDict() // a second Read would use its memory again
	if err := v.Read(context.Background(), into, []string{"id"}, arena.ReadOptions{}); err != nil {
		log.Fatal(err)
	}
	id, err := soa.Column[int64](into, "id")
	fmt.Println(a.Keys(), v.Stamp(), id, err)
	// Output: [particles] step 1 [7 8 9] <nil>
}
