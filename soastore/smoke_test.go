package soastore

import (
	"fmt"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	for _, lay := range []Layout{LayoutPerRank, LayoutPerNode, LayoutOneFile} {
		for n := 1; n < 5; n++ {
			dir := t.TempDir()
			err := comm.Run(n, func(c comm.Comm) error {
				p, err := partition.New(c, partition.Options{})
				if err != nil {
					return err
				}
				s, err := NewGenericIO(p, 256, Options{Path: dir + "/tmp", Layout: lay})
				if err != nil {
					return err
				}
				d := soa.NewDict()
				d.Set("x", soa.Of([]float32{1, 2, float32(c.Rank())}))
				d.Set("id", soa.Of([]int64{1, 2, int64(c.Rank())}))
				for range 3 {
					if err := s.Set("a", d); err != nil {
						return err
					}
					e, err := s.Get("a")
					if err != nil {
						return err
					}
					if !e.Equal(d) {
						return fmt.Errorf("%v", e)
					}
				}
				if err := s.View("a", nil, func(e *soa.Dict) error {
					if !e.Equal(d) {
						return fmt.Errorf("view %v", e)
					}
					return nil
				}); err != nil {
					return err
				}
				if _, err := s.Pop("a"); err != nil {
					return err
				}
				if err := s.Set("b", d); err != nil {
					return err
				}
				fmt.Println(s.Stats())
				return s.Close()
			}, comm.Hosts([]string{"h1", "h1", "h2", "h2"}[:n]...))
			require.NoError(t, err)
		}
	}
}
