package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"

	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/cmd/soactl/internal/render"
	"github.com/soastore/soa/soastore"
)

// arenasInfo describes an arena, or those of a store.
type arenasInfo struct {
	Format string       `json:"format"`
	Arenas []arenaInfo  `json:"arenas"`
	Values []arenaValue `json:"values"`
}

type arenaInfo struct {
	File     string `json:"file"`
	Label    string `json:"label"`
	Bytes    int64  `json:"bytes"` // the sum of the next three
	Used     int64  `json:"used_bytes"`
	Free     int64  `json:"free_bytes"`
	Holes    int64  `json:"hole_bytes"`
	Keys     int    `json:"keys"`
	Versions int    `json:"versions"` // of all keys, those that are not leftovers included
}

type arenaValue struct {
	File      string       `json:"file"`
	Label     string       `json:"label"`
	Key       string       `json:"key"`
	Stamp     string       `json:"stamp"`
	Bytes     int64        `json:"bytes"`
	Leftovers []string     `json:"leftovers"` // stamps of other versions
	Fields    []arenaField `json:"fields"`    // none if there are leftovers only
}

type arenaField struct {
	Name   string `json:"name"`
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
	Bytes  int64  `json:"bytes"`
	Offset int64  `json:"offset"` // of the first element in the file
}

// describeArenas describes arenas, with the value under key or, if that is "", all.
func describeArenas(names []string, key string) (*arenasInfo, error) {
	d := &arenasInfo{Format: string(dataset.Arena), Arenas: []arenaInfo{}, Values: []arenaValue{}}
	for _, name := range names {
		if err := d.add(name, key); err != nil {
			return nil, err
		}
	}
	if key != "" && len(d.Values) == 0 {
		return nil, fmt.Errorf("%s: no key %q", names[0], key)
	}
	return d, nil
}

func (d *arenasInfo) add(name, key string) error {
	a, err := dataset.OpenArena(name)
	if err != nil {
		return err
	}
	defer a.Close() // only read from
	u := a.Usage()
	d.Arenas = append(d.Arenas, arenaInfo{name, a.Label(), u.File, u.Used, u.Free, u.Holes, u.Values, u.Versions})
	keys := slices.Sorted(slices.Values(slices.Concat(a.Keys(), a.Recoverable())))
	for _, have := range keys {
		if key == "" || have == key {
			v := arenaValue{File: name, Label: a.Label(), Key: have, Leftovers: []string{}, Fields: []arenaField{}}
			if err := v.describe(a); err != nil {
				return err
			}
			d.Values = append(d.Values, v)
		}
	}
	return nil
}

func (v *arenaValue) describe(a *arena.Arena) error {
	for _, version := range a.Versions(v.Key) {
		if version.Current {
			v.Stamp = version.Stamp
		} else {
			v.Leftovers = append(v.Leftovers, version.Stamp)
		}
	}
	if len(v.Leftovers) == len(a.Versions(v.Key)) {
		return nil
	}
	value, err := a.Get(v.Key)
	if err != nil {
		return err
	}
	defer value.Close()
	v.Bytes = value.NBytes()
	for _, f := range value.Fields() {
		v.Fields = append(v.Fields, arenaField{f.Name, f.DType.String(), f.Shape, f.Bytes, f.Offset})
	}
	return nil
}

// describeStore describes the arenas of a store; without a store it returns nil.
func describeStore(path, key string) (*arenasInfo, error) {
	found, err := check.Find(path)
	if err != nil {
		return nil, nil // what is not there is no store
	}
	var stores []soastore.Spilled
	for _, v := range found.Values {
		if v.Format == soastore.Arena && len(v.Parts) > 0 {
			stores = append(stores, v)
		}
	}
	switch {
	case len(stores) == 1 && !check.IsDir(path):
		var names []string
		for _, rank := range slices.Sorted(maps.Keys(stores[0].Parts)) {
			names = append(names, stores[0].Parts[rank])
		}
		return describeArenas(names, key)
	case len(found.Values) > 0:
		return nil, fmt.Errorf("%s: info is of files, and of the arenas of a store at its Options.Path; soactl ls lists the values", path)
	}
	return nil, nil
}

func (d *arenasInfo) table(w io.Writer, o infoOptions) error {
	shown := len(d.Arenas)
	if !o.ranks {
		shown = min(shown, fewRanks)
	}
	if err := d.fileTable(w, shown); err != nil {
		return err
	}
	values := d.Values
	if shown < len(d.Arenas) {
		next := slices.IndexFunc(values, func(v arenaValue) bool { return v.File == d.Arenas[shown].File })
		if next >= 0 {
			values = values[:next]
		}
	}
	if err := section(w, valueTable(w, values)); err != nil {
		return err
	}
	if err := section(w, fieldTable(w, values)); err != nil {
		return err
	}
	return moreRanks(w, len(d.Arenas)-shown)
}

// fileTable says how the files are used.
func (d *arenasInfo) fileTable(w io.Writer, shown int) error {
	if len(d.Arenas) == 1 {
		a := d.Arenas[0]
		return facts(w, "file", a.File, "format", "arena", "label", a.Label, "size", size(a.Bytes), "used", size(a.Used),
			"free", size(a.Free), "holes", size(a.Holes), "keys", humanize.Comma(int64(a.Keys)), "versions", humanize.Comma(int64(a.Versions)))
	}
	t := render.NewTable(w, render.Left("LABEL"), render.Right("SIZE"), render.Right("USED"), render.Right("FREE"),
		render.Right("HOLES"), render.Right("KEYS"), render.Right("VERSIONS"), render.Left("FILE"))
	for _, a := range d.Arenas[:shown] {
		t.Row(a.Label, size(a.Bytes), size(a.Used), size(a.Free), size(a.Holes),
			humanize.Comma(int64(a.Keys)), humanize.Comma(int64(a.Versions)), a.File)
	}
	return t.Flush()
}

func valueTable(w io.Writer, values []arenaValue) *render.Table {
	t := render.NewTable(w, render.Left("KEY"), render.Right("FIELDS"), render.Right("BYTES"), render.Right("LEFTOVERS"),
		render.Left("VERSION"), render.Left("LABEL"))
	for _, v := range values {
		t.Row(v.Key, strconv.Itoa(len(v.Fields)), strconv.FormatInt(v.Bytes, 10), strconv.Itoa(len(v.Leftovers)), v.Stamp, v.Label)
	}
	return t
}

func fieldTable(w io.Writer, values []arenaValue) *render.Table {
	t := render.NewTable(w, render.Left("KEY"), render.Left("FIELD"), render.Left("DTYPE"), render.Left("SHAPE"),
		render.Right("BYTES"), render.Right("OFFSET"), render.Left("LABEL"))
	for _, v := range values {
		for _, f := range v.Fields {
			t.Row(v.Key, f.Name, f.DType, fmt.Sprint(f.Shape), strconv.FormatInt(f.Bytes, 10), strconv.FormatInt(f.Offset, 10), v.Label)
		}
	}
	return t
}
