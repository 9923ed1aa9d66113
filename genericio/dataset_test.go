package genericio_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
)

func openDataset(t testing.TB, name string) *genericio.Dataset {
	s, err := genericio.OpenDataset(ctx, name, nil, genericio.ReadOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestDatasetsOfTheReferenceFiles(t *testing.T) {
	for _, f := range fixtures {
		s := openDataset(t, f.path())
		require.Equal(t, f.ranks, s.NumRanks())
		for rank := range f.ranks {
			d := soa.NewDict()
			require.NoError(t, s.ReadRank(ctx, rank, d))
			requireEqual(t, f.want(rank), d, f.file, rank)
		}
		require.NoError(t, s.Verify(ctx))
		require.ErrorIs(t, s.ReadRank(ctx, f.ranks, soa.NewDict()), genericio.ErrRank)
		require.ErrorIs(t, s.ReadRank(ctx, -1, soa.NewDict()), genericio.ErrRank)
	}
}

func TestRankMapEntries(t *testing.T) {
	s := openDataset(t, "testdata/parts.gio")
	require.Equal(t, []genericio.MapEntry{
		{0, 0, [3]int{0, 0, 0}}, {1, 1, [3]int{0, 1, 0}}, {2, 0, [3]int{1, 0, 0}}, {3, 1, [3]int{1, 1, 0}},
	}, s.Entries())
	require.Nil(t, openDataset(t, "testdata/plain.gio").Entries())
	require.NoError(t, s.WithRank(2, func(r *genericio.Reader, position int) error {
		require.Equal(t, "testdata/parts.gio#0", r.Name())
		require.Equal(t, 1, position)
		return nil
	}))
}

// copySet copies parts.gio and its partitions into a new folder.
func copySet(t *testing.T) (name string) {
	dir := t.TempDir()
	for _, file := range []string{"parts.gio", "parts.gio#0", "parts.gio#1"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), load(t, file), 0o600))
	}
	return filepath.Join(dir, "parts.gio")
}

func TestMissingPartitionIsNamed(t *testing.T) {
	name := copySet(t)
	require.NoError(t, os.Remove(name+"#1"))
	s := openDataset(t, name)
	require.NoError(t, s.ReadRank(ctx, 0, soa.NewDict()))
	for _, err := range []error{s.ReadRank(ctx, 3, soa.NewDict()), s.Verify(ctx)} {
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "partition 1")
		require.ErrorContains(t, err, name+"#1")
	}
}

func TestPartitionsThatAreNotTheMaps(t *testing.T) {
	plain, p0, p1 := load(t, "plain.gio"), load(t, "parts.gio#0"), load(t, "parts.gio#1")
	const ranks = 2968
	for what, change := range map[string]struct {
		file string
		data []byte
	}{
		"the other partition": {"#0", p1},
		"more ranks":          {"#0", plain},
		"a rank twice":        {"#0", patch(p0, ranks+48+40, 0)},
		"a rank of another":   {"#0", patch(p0, ranks+48+40, 3)},
		"a rank of none":      {"#0", patch(p0, ranks+48+40, 4)},
		"no GenericIO file":   {"#0", []byte("hello")},
	} {
		name := copySet(t)
		require.NoError(t, os.WriteFile(name+change.file, change.data, 0o600))
		s, err := genericio.OpenDataset(ctx, name, nil, genericio.ReadOptions{})
		if err == nil {
			err = s.ReadRank(ctx, 2, soa.NewDict(), "id")
			require.ErrorIs(t, s.Verify(ctx), genericio.ErrFormat, what)
		}
		require.ErrorIs(t, err, genericio.ErrFormat, what)
	}
}

// Partitions whose variables differ must not be read as one.
func TestPartitionsOfOtherVariables(t *testing.T) {
	name := copySet(t)
	p1 := patch(load(t, "parts.gio#1"), 168, uint64('q'))
	require.NoError(t, os.WriteFile(name+"#1", p1, 0o600))
	s := openDataset(t, name)
	require.NoError(t, s.ReadRank(ctx, 0, soa.NewDict()))
	require.ErrorIs(t, s.ReadRank(ctx, 1, soa.NewDict(), "id"), genericio.ErrFormat)
}

func TestMapsThatMakeNoSense(t *testing.T) {
	write := func(partition soa.Array, others ...soa.Array) string {
		d := soa.NewDict()
		for i, a := range others {
			d.Set([]string{"$rank", "$x"}[i], a)
		}
		d.Set("@partition", partition)
		f := write(t, []*soa.Dict{d}, func(int) genericio.Spec { return genericio.Spec{} })
		copy(f.data[168+280*len(others):], "$partition") // the name that a writer refuses
		name := filepath.Join(t.TempDir(), "map")
		require.NoError(t, os.WriteFile(name, patch(f.data, 24, 1), 0o600))
		return name
	}
	for what, name := range map[string]string{
		"floats":         write(soa.Of([]float32{0, 1})),
		"two elements":   write(soa.Shaped([]int32{0, 1, 2, 3}, 2, 2)),
		"no ranks":       write(soa.Of([]int32{})),
		"negative":       write(soa.Of([]int32{0, -1})),
		"out of order":   write(soa.Of([]int32{0, 0}), soa.Of([]int32{1, 0})),
		"ranks as bytes": write(soa.Of([]int32{0, 0}), soa.Of([]int8{0, 1})),
	} {
		_, err := genericio.OpenDataset(ctx, name, nil, genericio.ReadOptions{})
		require.ErrorIs(t, err, genericio.ErrFormat, what)
	}
	s := openDataset(t, write(soa.Of([]int32{0, 1}), soa.Of([]int32{0, 1})))
	require.Len(t, s.Entries(), 2, "the files above differ from a map only in what they say")
}

// Older rank headers have no global rank: the ranks of a partition are in order.
func TestOlderPartitions(t *testing.T) {
	name, f := copySet(t), fixtureNamed(t, "parts.gio")
	for _, file := range []string{"#0", "#1"} {
		old := restructure(load(t, "parts.gio"+file), sizes{168, 280, 48, 0}, sizes{168, 280, 40, 0})
		require.NoError(t, os.WriteFile(name+file, old, 0o600))
	}
	s := openDataset(t, name)
	for rank := range f.ranks {
		d := soa.NewDict()
		require.NoError(t, s.ReadRank(ctx, rank, d))
		requireEqual(t, f.want(rank), d, rank)
	}
}

// counting counts the files that are open.
type counting struct {
	genericio.Source
	open *atomic.Int64
}

func (c counting) Close() error {
	c.open.Add(-1)
	return c.Source.Close()
}

// A Dataset of many files keeps few of them open, also when many goroutines read.
func TestDatasetOfManyPartitions(t *testing.T) {
	const n = 40
	name := filepath.Join(t.TempDir(), "many")
	want := make([]*soa.Dict, n)
	for rank := range want {
		want[rank] = soa.NewDict()
		want[rank].Set("v", column(rank, func(i int) int64 { return int64(rank*100 + i) }))
	}
	require.NoError(t, comm.Run(n, func(c comm.Comm) error {
		return genericio.WriteFile(ctx, c, name, want[c.Rank()], genericio.Spec{}, genericio.PerRank)
	}))
	var open, most atomic.Int64
	s, err := genericio.OpenDataset(ctx, name, func(name string) (genericio.Source, error) {
		f, err := os.Open(name)
		if now := open.Add(1); now > most.Load() {
			most.Store(now)
		}
		return counting{osSource{f}, &open}, err
	}, genericio.ReadOptions{})
	require.NoError(t, err)
	var g errgroup.Group
	var mu sync.Mutex
	for w := range 4 {
		g.Go(func() error {
			for i := range n {
				rank := (i*7 + w*11) % n
				d := soa.NewDict()
				if err := s.ReadRank(ctx, rank, d); err != nil {
					return err
				}
				if !want[rank].Equal(d) {
					mu.Lock()
					defer mu.Unlock()
					return fmt.Errorf("rank %d: %v", rank, d)
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	require.LessOrEqual(t, most.Load(), int64(8+4+1))
	require.NoError(t, s.Verify(ctx))
	require.NoError(t, s.Close())
	require.Zero(t, open.Load())
	require.Error(t, s.ReadRank(ctx, 0, soa.NewDict()))
}

type osSource struct{ *os.File }

func (f osSource) Size() (int64, error) {
	info, err := f.Stat()
	return info.Size(), err
}
