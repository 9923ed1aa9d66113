package npz_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/npz"
)

func Example() {
	dir, err := os.MkdirTemp("", "npz")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "halos.npz")

	halos := soa.NewDict()
	halos.Set("mass", soa.Of([]float32{3e12, 1e13}))
	halos.Set("pos", soa.Shaped([]float64{1, 2, 3, 4, 5, 6}, 2, 3))
	if err := write(name, halos); err != nil {
		log.Fatal(err)
	}

	// In Python: numpy.load("halos.npz")["pos"]
	f, err := npz.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	fmt.Println(f.Names())
	var d soa.Dict
	if err := f.Read(context.Background(), &d, "pos"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(&d)
	// Output:
	// [mass pos]
	// {pos:float64[2 3]}
}

func write(name string, d *soa.Dict) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := npz.Write(context.Background(), f, d, npz.Options{Comment: "step 41"}); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
