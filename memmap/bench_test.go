package memmap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

// BenchmarkOneRow opens a sparse matrix of 4 GiB, reads one row and closes it. It
// reports by how much the memory in use grew the first time.
func BenchmarkOneRow(b *testing.B) {
	path, row := bigSparse(b)
	before, grown := rss(b), int64(-1)
	for b.Loop() {
		s, err := OpenSparse[float32, int32](path, ReadOnly)
		if err != nil {
			b.Fatal(err)
		}
		cols, _, err := s.Row(row)
		if err != nil || cols[7] != 7 {
			b.Fatal(cols, err)
		}
		if grown < 0 {
			grown = rss(b) - before
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(grown)/1024, "RSS-KiB")
	b.ReportMetric(4<<20, "file-KiB")
}

// BenchmarkSum reads 64 MiB of float64: mapped, with and without Guard, and from
// the heap as the baseline.
func BenchmarkSum(b *testing.B) {
	const n = 8 << 20
	path := filepath.Join(b.TempDir(), "a")
	heap := make([]float64, n)
	for i := range heap {
		heap[i] = float64(i)
	}
	require.NoError(b, Write(path, soa.Of(heap), Options{}))
	a := open[float64](b, path, ReadOnly)
	mapped := values(b, a)
	sum := func(b *testing.B, v []float64) error {
		total := 0.0
		for _, x := range v {
			total += x
		}
		if total != n*(n-1)/2 {
			b.Fatal(total)
		}
		return nil
	}
	b.Run("heap", func(b *testing.B) {
		b.SetBytes(8 * n)
		for b.Loop() {
			_ = sum(b, heap)
		}
	})
	b.Run("mapped", func(b *testing.B) {
		b.SetBytes(8 * n)
		for b.Loop() {
			_ = sum(b, mapped)
		}
	})
	b.Run("guarded", func(b *testing.B) {
		b.SetBytes(8 * n)
		for b.Loop() {
			if err := Guard(func() error { return sum(b, mapped) }, a); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOpen opens and closes a small array: what it costs whatever the size.
func BenchmarkOpen(b *testing.B) {
	path := newArray(b, soa.Float64, 1000, 3)
	for b.Loop() {
		a, err := Open[float64](path, ReadOnly)
		if err != nil {
			b.Fatal(err)
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// manyFields returns n arrays of so many elements.
func manyFields(n, elements int) *soa.Dict {
	d := soa.NewDict()
	for i := range n {
		d.Set(fmt.Sprintf("field%d", i), soa.Of(make([]float64, elements)))
	}
	return d
}

// BenchmarkWriteFolder writes ten arrays: each by Write and then their contents, all
// by WriteFolder, and as so many plain files, the baseline.
func BenchmarkWriteFolder(b *testing.B) {
	for _, elements := range []int{100, 1 << 20} {
		d := manyFields(10, elements)
		for _, way := range []struct {
			name  string
			write func(folder string)
		}{
			{"one by one", func(folder string) { writeOneByOne(b, folder, "set", d) }},
			{"folder", func(folder string) {
				_, err := WriteFolder(context.Background(), nil, folder, "set", d, Options{})
				require.NoError(b, err)
			}},
			{"plain files", func(folder string) {
				for name, a := range d.All() {
					require.NoError(b, os.WriteFile(filepath.Join(folder, name+arraySuffix), a.Bytes(), 0o600))
					require.NoError(b, os.WriteFile(filepath.Join(folder, name+yamlSuffix), make([]byte, 45), 0o600))
				}
			}},
		} {
			b.Run(fmt.Sprintf("%d/%s", elements, way.name), func(b *testing.B) {
				parent := b.TempDir()
				b.SetBytes(int64(d.NBytes()))
				for b.Loop() {
					folder := tempFolder(b, parent)
					way.write(folder)
					b.StopTimer()
					require.NoError(b, os.RemoveAll(folder))
					b.StartTimer()
				}
			})
		}
	}
}

// readOneByOne reads all fields of d as Folder.Read does, by OpenFile.
func readOneByOne(folder string, d *soa.Dict) error {
	for name, a := range d.All() {
		f, err := OpenFile(FieldPath(folder, name), ReadOnly)
		if err != nil {
			return err
		}
		err = Guard(func() error {
			copy(a.Bytes(), f.arrays[0].Bytes())
			return nil
		}, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkFolder reads ten arrays into memory that is there: each mapped and copied,
// by Folder.Read, and by copying from a Folder.View, table of contents included. The
// baseline reads plain files.
func BenchmarkFolder(b *testing.B) {
	for _, elements := range []int{100, 1 << 20} {
		d := manyFields(10, elements)
		folder := newFolder(b, d).files.Path
		for _, way := range []struct {
			name string
			read func() error
		}{
			{"one by one", func() error {
				openedFolder(b, folder)
				return readOneByOne(folder, d)
			}},
			{"read", func() error {
				return openedFolder(b, folder).Read(context.Background(), d, d.Names()...)
			}},
			{"view", func() error {
				return openedFolder(b, folder).View(ReadOnly, d.Names(), func(views *soa.Dict) error {
					for name, a := range d.All() {
						view, _ := views.Get(name)
						copy(a.Bytes(), view.Bytes())
					}
					return nil
				})
			}},
			{"plain files", func() error {
				for name, a := range d.All() {
					for suffix, to := range map[string][]byte{arraySuffix: a.Bytes(), yamlSuffix: make([]byte, 45)} {
						f, err := os.Open(FieldPath(folder, name) + suffix)
						if err != nil {
							return err
						}
						_, err = f.ReadAt(to, 0)
						if f.Close(); err != nil && err != io.EOF {
							return err
						}
					}
				}
				return nil
			}},
		} {
			b.Run(fmt.Sprintf("%d/%s", elements, way.name), func(b *testing.B) {
				b.SetBytes(int64(d.NBytes()))
				for b.Loop() {
					require.NoError(b, way.read())
				}
			})
		}
	}
}
