package soastore_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/testkit"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
	"github.com/stretchr/testify/require"
)

// TestTimeout leaves one rank alone in a collective call: it gives up, and the
// other, which comes later, learns of it.
func TestTimeout(t *testing.T) {
	testkit.NoLeaks(t)
	gaveUp := make(chan struct{})
	err := comm.Run(2, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{})
		if err != nil {
			return err
		}
		s, err := soastore.NewNPZ(p, soastore.Options{Timeout: 20 * time.Millisecond})
		if err != nil {
			return err
		}
		d := soa.NewDict()
		d.Set("x", soa.Of([]float32{1}))
		if c.Rank() == 1 {
			<-gaveUp
		}
		err = s.Set("k", d)
		if c.Rank() == 0 {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			close(gaveUp)
		}
		require.ErrorIs(t, err, comm.ErrBroken)
		require.False(t, s.Has("k"))
		require.Error(t, s.Close(), "the ranks can agree on nothing any more")
		return nil
	})
	require.NoError(t, err)
}

// TestGenericIOHeader looks at what a store writes into the headers of its files.
func TestGenericIOHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tmp")
	require.NoError(t, comm.Run(6, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{})
		if err != nil {
			return err
		}
		s, err := soastore.NewGenericIO(p, 256, soastore.Options{
			Path: path, Coordinates: [3]string{"x", "y", "z"}, Ghosts: []string{"phi"}, Codec: "zstd:1",
		})
		if err != nil {
			return err
		}
		d := soa.NewDict()
		for _, name := range []string{"x", "y", "z", "vx"} {
			d.Set(name, soa.Of(make([]float32, 100+c.Rank())))
		}
		d.Set("phi", soa.Of(make([]float64, 100+c.Rank())))
		if err := s.Set("k", d); err != nil {
			return err
		}
		checkHeader(t, path+"_k.tmp.gio", p)
		if err := comm.Barrier(context.Background(), c); err != nil {
			return err
		}
		return s.Close()
	}))
}

// checkHeader checks one rank's part of a set of files.
func checkHeader(t *testing.T, name string, p *partition.Partition) {
	set, err := genericio.OpenDataset(context.Background(), name, nil, genericio.ReadOptions{})
	require.NoError(t, err)
	defer set.Close()
	require.Equal(t, p.Size(), set.NumRanks())
	require.NoError(t, set.WithRank(p.Rank(), func(r *genericio.Reader, position int) error {
		h := r.Header()
		require.Equal(t, [3]int(p.Decomposition()), h.Dims)
		require.Equal(t, [3]float64{256, 256, 256}, h.PhysScale)
		require.Equal(t, [3]int(p.Coordinates()), h.Ranks[position].Coords)
		require.Equal(t, p.Rank(), h.Ranks[position].GlobalRank)
		var flags []genericio.Flags
		for _, v := range h.Variables {
			flags = append(flags, v.Flags&^(genericio.Float|genericio.Signed))
		}
		require.Equal(t, []genericio.Flags{genericio.CoordX, genericio.CoordY, genericio.CoordZ, 0, genericio.Ghost}, flags)
		require.Equal(t, []string{"BLOSC"}, r.Block(position, 0).Filters)
		return nil
	}))
}
