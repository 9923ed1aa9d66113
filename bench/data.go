package main

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/npz"
)

// data names what contestants keep: Values values of the same columns, of Rows rows
// each, on each rank. The value of key i is rows i*Rows up to (i+1)*Rows of columns
// that every contestant has in memory.
type data struct {
	Columns string `json:"columns"` // a key of columnSets
	Rows    int    `json:"rows"`
	Values  int    `json:"values"`
}

// column is one column of a data set.
type column struct {
	name  string
	dtype soa.DType
}

// columnSets are the kinds of values, by name.
var columnSets = map[string][]column{
	"particles": {
		{"x", soa.Float32}, {"y", soa.Float32}, {"z", soa.Float32},
		{"vx", soa.Float32}, {"vy", soa.Float32}, {"vz", soa.Float32}, {"phi", soa.Float32},
		{"id", soa.Int64}, {"mask", soa.Uint16},
	},
	"tiny":  same("abcdefghij", soa.Float32),
	"wide":  same("abcdefghijklmnopqrs", soa.Float64),
	"block": same("x", soa.Float32),
}

// same returns columns of one type, each named by a letter.
func same(letters string, dtype soa.DType) (set []column) {
	for _, letter := range letters {
		set = append(set, column{string(letter), dtype})
	}
	return set
}

// field is the column of d that contests about one field read.
func (d data) field() string { return columnSets[d.Columns][len(columnSets[d.Columns])/2].name }

// fieldBytes returns the bytes of one column of all values of a rank.
func (d data) fieldBytes() int64 {
	set := columnSets[d.Columns]
	return int64(d.Rows) * int64(d.Values) * int64(set[len(set)/2].dtype.Size())
}

// bytes returns the bytes of all values of a rank.
func (d data) bytes() (n int64) {
	for _, c := range columnSets[d.Columns] {
		n += int64(d.Rows) * int64(d.Values) * int64(c.dtype.Size())
	}
	return n
}

// made are the columns that this process has made, so that contestants share them.
var made = struct {
	sync.Mutex
	columns map[madeKey]*soa.Dict
}{columns: map[madeKey]*soa.Dict{}}

type madeKey struct {
	columns string
	rows    int
	rank    int
}

// columns returns the columns of a rank, of which values are rows.
func (d data) columns(rank int) (*soa.Dict, error) {
	made.Lock()
	defer made.Unlock()
	key := madeKey{d.Columns, d.Rows * d.Values, rank}
	if have, ok := made.columns[key]; ok {
		return have, nil
	}
	all := soa.NewDict()
	for i, c := range columnSets[d.Columns] {
		a, err := soa.New(c.dtype, key.rows)
		if err != nil {
			return nil, err
		}
		fill(a, rand.New(rand.NewPCG(uint64(rank), uint64(i))))
		all.Set(c.name, a)
	}
	made.columns[key] = all
	return all, nil
}

// values returns the values of a rank, which share the memory of its columns.
func (d data) values(rank int) ([]*soa.Dict, error) {
	all, err := d.columns(rank)
	if err != nil {
		return nil, err
	}
	values := make([]*soa.Dict, d.Values)
	for i := range values {
		values[i] = soa.NewDict()
		for name, a := range all.All() {
			values[i].Set(name, a.Slice(i*d.Rows, (i+1)*d.Rows))
		}
	}
	return values, nil
}

// fill gives an array the look of a simulation's: positions that nearly rise, as of
// particles along a curve that fills the box; identifiers in order; and flags.
func fill(a soa.Array, rng *rand.Rand) {
	if x, err := soa.Values[float32](a); err == nil {
		rising(x, rng)
	}
	if x, err := soa.Values[float64](a); err == nil {
		rising(x, rng)
	}
	if x, err := soa.Values[int64](a); err == nil {
		first := rng.Int64N(1 << 40)
		for i := range x {
			x[i] = first + int64(i)
		}
	}
	if x, err := soa.Values[uint16](a); err == nil {
		for i := range x {
			x[i] = uint16(rng.Uint32() & 3)
		}
	}
}

func rising[T float32 | float64](x []T, rng *rand.Rand) {
	step := 256 / T(len(x)+1)
	for i := range x {
		x[i] = step*T(i) + T(rng.Uint32()>>8)/(1<<24)
	}
}

// export writes the columns of rank 0 to a file that NumPy reads.
func (d data) export(name string) error {
	all, err := d.columns(0)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := npz.Write(context.Background(), f, all, npz.Options{}); err != nil {
		_ = f.Close() // the file is of no use
		return err
	}
	return f.Close()
}
