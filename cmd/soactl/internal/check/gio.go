package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
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
	index := first[:strings.LastIndex(first, "#")]
	if !c.Independent {
		r.problem(NoMap, first, "the rank map %s is missing: a Set or a removal was interrupted, or the store had Options.Independent", filepath.Base(index))
	}
	set := newGIOSet(r, index)
	c.gioAlone(ctx, set, v.Parts)
	set.count()
}

// gioFiles checks a file, or a rank map and those of the files beside it that it
// names; the others are leftovers.
func (c *Checker) gioFiles(ctx context.Context, r *Report, index string, parts map[int]string) {
	r.Files = []string{index}
	set := newGIOSet(r, index)
	isMap, err := c.gioIndex(ctx, set)
	switch {
	case err != nil:
		r.failed(index, err)
		c.gioAlone(ctx, set, parts)
	case isMap:
		c.gioParts(ctx, set, parts)
	default:
		c.gioPart(ctx, set, index, nil)
		if !strings.Contains(filepath.Base(index), "#") { // else other ranks are in other files
			set.whole(index)
			r.Leftovers = append(r.Leftovers, inOrder(parts)...)
		}
	}
	set.count()
}

// gioAlone checks partition files of which no map says what should be in them.
func (c *Checker) gioAlone(ctx context.Context, set *gioSet, parts map[int]string) {
	for _, name := range inOrder(parts) {
		set.r.Files = append(set.r.Files, name)
		c.gioPart(ctx, set, name, nil)
	}
}

// gioIndex reads the file that a value's name leads to: of a rank map all of it,
// else nothing yet.
func (c *Checker) gioIndex(ctx context.Context, set *gioSet) (isMap bool, err error) {
	f, err := dataset.OpenFile(set.index, nil)
	if err != nil {
		return false, err
	}
	defer f.Close()
	g, err := newReader(f)
	if err != nil || !g.IsMap() {
		return false, err
	}
	if err := g.Verify(ctx); err != nil {
		return true, err
	}
	_, set.cartesian = g.Variable("$x")
	open := func(name string) (genericio.Source, error) { return dataset.OpenFile(name, nil) }
	m, err := genericio.OpenDataset(ctx, set.index, open, genericio.ReadOptions{})
	if err != nil {
		return true, err
	}
	set.entries = m.Entries()
	return true, m.Close()
}

func newReader(f *dataset.File) (*genericio.Reader, error) {
	size, _ := f.Size()
	return genericio.NewReader(f, size, genericio.ReadOptions{Name: f.Name()})
}

// gioParts checks the partitions that the map names, and counts the files that it
// does not name as leftovers.
func (c *Checker) gioParts(ctx context.Context, set *gioSet, parts map[int]string) {
	members := map[int][]int{}
	for rank, e := range set.entries {
		members[e.Partition] = append(members[e.Partition], rank)
	}
	names := map[int]string{}
	maps.Copy(names, parts)
	for k := range members { // the map's files, whether they are there or not
		names[k] = fmt.Sprintf("%s#%d", set.index, k)
	}
	for _, k := range numbers(names) {
		if members[k] == nil {
			set.r.Leftovers = append(set.r.Leftovers, names[k])
		} else if c.gioPart(ctx, set, names[k], members[k]) {
			set.r.Files = append(set.r.Files, names[k])
		}
	}
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
	return out
}
