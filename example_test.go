package soa_test

import (
	"fmt"

	"github.com/soastore/soa"
)

// A Dict holds the columns of some particles, without copying them.
func Example() {
	x := []float32{0.5, 1.5, 2.5}
	id := []int64{7, 8, 9}

	particles := soa.NewDict()
	particles.Set("x", soa.Of(x))
	particles.Set("id", soa.Of(id))
	fmt.Println(particles)

	x[0] = 100 // the Dict has the same memory
	got, err := soa.Column[float32](particles, "x")
	fmt.Println(got, err)
	// Output:
	// {x:float32[3] id:int64[3]}
	// [100 1.5 2.5] <nil>
}

func ExampleOf() {
	a := soa.Of([]float64{1, 2, 3})
	fmt.Println(a, a.Len(), a.NBytes())
	// Output: float64[3] 3 24
}

func ExampleShaped() {
	pos := soa.Shaped([]float32{0, 0, 0, 1, 1, 1}, 2, 3) // two positions
	fmt.Println(pos, pos.Rows(), pos.Slice(1, 2))
	// Output: float32[2 3] 2 float32[1 3]
}

func ExampleValues() {
	a := soa.Shaped([]int32{1, 2, 3, 4}, 2, 2)
	v, err := soa.Values[int32](a)
	fmt.Println(v, err)
	_, err = soa.Values[float32](a)
	fmt.Println(err)
	// Output:
	// [1 2 3 4] <nil>
	// soa: array has element type int32, not float32
}

func ExampleMarshal() {
	type Halos struct {
		Pos  [][3]float32 `soa:"pos"`
		Mass []float64    `soa:"mass"`
		Name string       `soa:"-"`
	}
	d, err := soa.Marshal(Halos{
		Pos:  [][3]float32{{1, 2, 3}, {4, 5, 6}},
		Mass: []float64{1e12, 3e14},
		Name: "left out",
	})
	fmt.Println(d, err)
	// Output: {pos:float32[2 3] mass:float64[2]} <nil>
}

func ExampleUnmarshal() {
	d := soa.NewDict()
	d.Set("mass", soa.Of([]float64{1e12, 3e14}))
	d.Set("id", soa.Of([]int64{1, 2}))

	var halos struct {
		Mass  []float64 `soa:"mass"`
		Spin  []float64 `soa:"spin,optional"`
		Bound []int64   `soa:"id"`
	}
	err := soa.Unmarshal(d, &halos)
	fmt.Println(halos.Mass, halos.Spin, halos.Bound, err)
	// Output: [1e+12 3e+14] [] [1 2] <nil>
}
