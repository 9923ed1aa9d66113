package memmap_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/memmap"
)

// A table is made, filled through one mapping, and read through another.
func Example() {
	dir, err := os.MkdirTemp("", "memmap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "positions")
	if err := memmap.Create(path, soa.Float32, []int{1000, 3}, memmap.Options{Reserve: true}); err != nil {
		log.Fatal(err)
	}

	table, err := memmap.Open[float32](path, memmap.ReadWrite)
	if err != nil {
		log.Fatal(err)
	}
	defer table.Close()
	err = memmap.Guard(func() error {
		row, err := table.Row(41)
		if err == nil {
			copy(row, []float32{1, 2, 3})
		}
		return err
	}, table)
	if err != nil {
		log.Fatal(err)
	}

	again, err := memmap.Open[float32](path, memmap.ReadOnly)
	if err != nil {
		log.Fatal(err)
	}
	defer again.Close()
	row, err := again.Row(41)
	fmt.Println(again.Shape(), row, err)
	// Output: [1000 3] [1 2 3] <nil>
}

// A sparse matrix is written, and one row of it is read without reading the rest.
func ExampleOpenSparse() {
	dir, err := os.MkdirTemp("", "memmap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "counts")
	m, err := memmap.FromDense[float32, int32]([]float32{0, 5, 0, 0, 0, 7}, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	if err := memmap.WriteSparse(path, m, memmap.Options{}); err != nil {
		log.Fatal(err)
	}

	s, err := memmap.OpenSparse[float32, int32](path, memmap.ReadOnly)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	cols, values, err := s.Row(1)
	fmt.Println(cols, values, err)
	// Output: [2] [7] <nil>
}

// Two arrays are written to one folder, and one of them is read.
func ExampleWriteFolder() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "memmap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	halos := soa.NewDict()
	halos.Set("mass", soa.Of([]float64{1e12, 3e14}))
	halos.Set("redshift", soa.Shaped([]float64{0.5}))
	if _, err := memmap.WriteFolder(ctx, nil, dir, "step 499", halos, memmap.Options{}); err != nil {
		log.Fatal(err)
	}

	folder, err := memmap.OpenFolder(nil, dir)
	if err != nil {
		log.Fatal(err)
	}
	have := soa.NewDict()
	err = folder.Read(ctx, have, "mass")
	fmt.Println(folder.Contents().Set, have, err)
	// Output: step 499 {mass:float64[2]} <nil>
}
