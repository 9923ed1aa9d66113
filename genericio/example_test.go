package genericio_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
)

// Three ranks write one file together, and two read it.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path, ctx := filepath.Join(dir, "particles.gio"), context.Background()

	err = comm.Run(3, func(c comm.Comm) error {
		d := soa.NewDict()
		d.Set("id", soa.Of([]int64{int64(c.Rank()), 100 + int64(c.Rank())}))
		d.Set("pos", soa.Shaped([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
		spec := genericio.Spec{PhysScale: [3]float64{256, 256, 256}}
		return genericio.WriteFile(ctx, c, path, d, spec, genericio.OneFile)
	})
	if err != nil {
		panic(err)
	}
	var ids [2][]int64
	err = comm.Run(2, func(c comm.Comm) error {
		d := soa.NewDict()
		if err := genericio.ReadFile(ctx, c, path, genericio.Redistribute, d, "id"); err != nil {
			return err
		}
		id, err := soa.Column[int64](d, "id")
		ids[c.Rank()] = id
		return err
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(ids)
	// Output: [[0 100] [1 101 2 102]]
}

// What a file says of itself, and one column of one rank.
func ExampleOpen() {
	f, err := genericio.Open("testdata/aos.gio", genericio.ReadOptions{})
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for _, v := range f.Header().Variables {
		fmt.Println(v.Name, v.DType, v.Elements)
	}
	d := soa.NewDict()
	if err := f.ReadRank(context.Background(), 1, d, "pos"); err != nil {
		panic(err)
	}
	fmt.Println(d)
	// Output:
	// pos float32 4
	// id int64 1
	// vec3 float32 4
	// {pos:float32[87 4]}
}

// Which columns are compressed, by what, and how well.
func ExampleReader_Chunk() {
	f, err := genericio.Open("testdata/comp-lz4.gio", genericio.ReadOptions{})
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for i, v := range f.Header().Variables {
		b := f.Block(0, i)
		if len(b.Filters) == 0 {
			continue
		}
		h, err := f.Chunk(0, i)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %v %.1f\n", v.Name, h.Compressor, float64(b.Plain)/float64(b.Size))
	}
	// Output:
	// x lz4 1.1
	// y lz4 1.1
	// z lz4 1.1
	// vx lz4 1.1
	// phi lz4 1.1
	// id lz4 15.4
}
