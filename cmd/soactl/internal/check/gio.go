package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/soastore"
)

// partsOf returns the partition files that lie beside a rank map.
func partsOf(index string) (map[int]string, error) {
	entries, err := os.ReadDir(filepath.Dir(index))
	if err != nil {
		return nil, err
	}
	parts := map[int]string{}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), filepath.Base(index)+"#")
		if k, err := strconv.Atoi(number); ok && err == nil && strconv.Itoa(k) == number {
			parts[k] = index + "#" + number
		}
	}
	return parts, nil
}

func (c *Checker) gioValue(ctx context.Context, r *Report, v soastore.Spilled) {
	if v.Index != "" {
		c.gioFiles(ctx, r, v.Index, v.Parts)
		return
	}
	first := v.Parts[numbers(v.Parts)[0]]
	if !c.Independent {
		r.problem(NoMap, first, "the rank map %s is missing: a Set or a removal was interrupted, or the store had Options.Independent",
			filepath.Base(first[:strings.LastIndex(first, "#")]))
	}
	for _, k := range numbers(v.Parts) {
		r.Files = append(r.Files, v.Parts[k])
	}
	set := newGIOSet(r, nil)
	for _, name := range r.Files {
		c.gioPart(ctx, set, name, nil)
	}
	set.count()
}

// gioFiles checks a file, or a rank map and those of the files beside it that it
// names; the others are leftovers.
func (c *Checker) gioFiles(ctx context.Context, r *Report, index string, parts map[int]string) {
	r.Files = []string{index}
	isMap, cartesian, err := c.gioIndex(ctx, r, index)
	if err != nil { // what is left to check is each file by itself
		r.failed(index, err)
	}
	if !isMap && err == nil {
		set := newGIOSet(r, nil)
		c.gioPart(ctx, set, index, nil)
		if !strings.Contains(filepath.Base(index), "#") { // else other ranks are in other files
			set.whole(index)
			r.Leftovers = append(r.Leftovers, inOrder(parts)...)
		}
		set.count()
		return
	}
	var entries []genericio.MapEntry
	if err == nil {
		if entries, err = readMap(ctx, index); err != nil {
			r.failed(index, err)
		}
	}
	set := newGIOSet(r, entries)
	set.cartesian = cartesian
	set.index = index
	if err != nil {
		for _, name := range inOrder(parts) {
			r.Files = append(r.Files, name)
			c.gioPart(ctx, set, name, nil)
		}
	} else {
		c.gioParts(ctx, set, parts)
	}
	set.count()
}

// gioIndex reads the file that a value's name leads to. Of a rank map, it checks
// the data too.
func (c *Checker) gioIndex(ctx context.Context, r *Report, index string) (isMap, cartesian bool, err error) {
	f, err := dataset.OpenFile(index, nil)
	if err != nil {
		return false, false, err
	}
	defer f.Close()
	g, err := newReader(f)
	if err != nil || !g.IsMap() {
		return false, false, err
	}
	_, cartesian = g.Variable("$x")
	return true, cartesian, g.Verify(ctx)
}

func newReader(f *dataset.File) (*genericio.Reader, error) {
	size, _ := f.Size()
	return genericio.NewReader(f, size, genericio.ReadOptions{Name: f.Name()})
}

// readMap returns the entries of a rank map.
func readMap(ctx context.Context, index string) ([]genericio.MapEntry, error) {
	open := func(name string) (genericio.Source, error) { return dataset.OpenFile(name, nil) }
	m, err := genericio.OpenDataset(ctx, index, open, genericio.ReadOptions{})
	if err != nil {
		return nil, err
	}
	return m.Entries(), m.Close()
}

// gioParts checks the partitions that the map names, and counts the files that it
// does not name as leftovers.
func (c *Checker) gioParts(ctx context.Context, set *gioSet, parts map[int]string) {
	members := map[int][]int{}
	for rank, e := range set.entries {
		members[e.Partition] = append(members[e.Partition], rank)
	}
	for k := range members {
		name := fmt.Sprintf("%s#%d", set.index, k)
		if parts[k] == "" {
			parts = withPart(parts, k, name)
		}
	}
	for _, k := range numbers(parts) {
		if members[k] == nil {
			set.r.Leftovers = append(set.r.Leftovers, parts[k])
			continue
		}
		if c.gioPart(ctx, set, parts[k], members[k]) {
			set.r.Files = append(set.r.Files, parts[k])
		}
	}
}

func withPart(parts map[int]string, k int, name string) map[int]string {
	out := map[int]string{k: name}
	for k, name := range parts {
		out[k] = name
	}
	return out
}

// gioPart checks a data file. want are the ranks that it must have, nil if
// nothing says so. It reports whether there is such a file.
func (c *Checker) gioPart(ctx context.Context, set *gioSet, name string, want []int) bool {
	f, err := dataset.OpenFile(name, c.Count)
	if err != nil {
		set.incomplete = true
		set.r.failed(name, err)
		return !errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	g, err := newReader(f)
	if err != nil {
		set.incomplete = true
		set.r.failed(name, err)
		return true
	}
	set.add(name, g.Header(), want)
	if c.Deep {
		set.r.failed(name, g.Verify(ctx))
	}
	return true
}

func inOrder(files map[int]string) []string {
	var out []string
	for _, k := range numbers(files) {
		out = append(out, files[k])
	}
	return slices.Clip(out)
}
