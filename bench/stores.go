package main

import (
	"fmt"
	"log/slog"

	"github.com/soastore/soa"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// site is where a subject is opened.
type site struct {
	part *partition.Partition
	path string    // what its files' names begin with
	like *soa.Dict // one of the values, which all have its shape
}

// kinds open this rank's end of the subjects of this program, by name.
var kinds = map[string]func(at site, s subject) (keeper, error){
	"gio": func(at site, s subject) (keeper, error) { return openGenericIO(at.part, s.options(at.path)) },
	"gio-lz4": func(at site, s subject) (keeper, error) {
		o := s.options(at.path)
		o.Codec = "lz4"
		return openGenericIO(at.part, o)
	},
	"npz":    func(at site, s subject) (keeper, error) { return soastore.NewNPZ(at.part, s.options(at.path)) },
	"memmap": func(at site, s subject) (keeper, error) { return soastore.NewMemmap(at.part, s.options(at.path)) },
	"arena":  func(at site, s subject) (keeper, error) { return soastore.NewArena(at.part, s.options(at.path)) },
	"tiered": func(at site, s subject) (keeper, error) { return soastore.NewTiered(at.part, s.tierOptions(at.path)) },
	"tiered-lz4": func(at site, s subject) (keeper, error) {
		o := s.tierOptions(at.path)
		o.Open, o.Files.Codec = openGenericIO, "lz4"
		return soastore.NewTiered(at.part, o)
	},
	"memory": func(at site, _ subject) (keeper, error) {
		return soastore.NewNPZ(at.part, soastore.Options{CopyOnSet: true})
	},
	"raw": func(at site, s subject) (keeper, error) { return openRaw(at, s), nil },
	"raw-summed": func(at site, s subject) (keeper, error) {
		f := openRaw(at, s)
		f.summed = true
		return f, nil
	},
	"raw-exchanged": func(at site, s subject) (keeper, error) {
		f := openRaw(at, s)
		f.exchanged = true
		return f, nil
	},
	"log": func(at site, _ subject) (keeper, error) {
		return openLog(fmt.Sprintf("%s-%d", at.path, at.part.Rank()), at.like)
	},
	"memcpy": func(_ site, s subject) (keeper, error) {
		return &copies{threads: s.Threads, kept: map[string]*soa.Dict{}}, nil
	},
}

func openRaw(at site, s subject) *rawFiles {
	return &rawFiles{path: fmt.Sprintf("%s-%d", at.path, at.part.Rank()), threads: s.Threads, like: at.like}
}

func openGenericIO(p *partition.Partition, o soastore.Options) (*soastore.Spill, error) {
	return soastore.NewGenericIO(p, 256, o)
}

func (s subject) options(path string) soastore.Options {
	o := soastore.Options{Path: path}
	if s.Fresh {
		o.RecycleBytes = -1
	}
	return o
}

// tierOptions lets a store keep a quarter of the values in memory. It warns of files
// that are in memory too, which are what is wanted here.
func (s subject) tierOptions(path string) soastore.TierOptions {
	return soastore.TierOptions{Path: path, Memory: s.Data.bytes() / 4, Log: slog.New(slog.DiscardHandler)}
}
