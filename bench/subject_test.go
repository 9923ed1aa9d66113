package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
	"github.com/stretchr/testify/require"
)

var small = data{"particles", 48, 3}

// TestKinds has every kind of subject keep values, on one rank and on several.
func TestKinds(t *testing.T) {
	for kind := range kinds {
		for _, ranks := range []int{1, 3} {
			dir := t.TempDir()
			require.NoError(t, comm.Run(ranks, func(c comm.Comm) error {
				p, err := partition.New(c, partition.Options{})
				if err != nil {
					return err
				}
				o, err := open(p, 1, subject{Kind: kind, Dir: dir, Data: small, Procs: 2, Threads: 2})
				if err != nil {
					return err
				}
				for _, op := range []string{"set", "check", "set", "into", "view", "sum", "remove"} {
					got, err := operations[op](o)
					require.NoError(t, err, "%s %s", kind, op)
					if op == "sum" {
						require.Equal(t, wholeOf(o.values), got.whole, kind)
					}
				}
				return o.Close()
			}), kind)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left, kind)
		}
	}
}

// wholeOf adds up the columns of whole numbers one number at a time.
func wholeOf(values []*soa.Dict) (n uint64) {
	for _, d := range values {
		ids, _ := soa.Column[int64](d, "id")
		masks, _ := soa.Column[uint16](d, "mask")
		for i := range ids {
			n += uint64(ids[i]) + uint64(masks[i])
		}
	}
	return n
}

// TestCheck has a subject that lost a byte found out.
func TestCheck(t *testing.T) {
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	dir := t.TempDir()
	o, err := open(p, 1, subject{Kind: "raw", Dir: dir, Data: small, Procs: 1, Threads: 1})
	require.NoError(t, err)
	_, err = o.set(0, len(o.keys))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, small.Values)
	b, err := os.ReadFile(files[1])
	require.NoError(t, err)
	b[len(b)/2] ^= 1
	require.NoError(t, os.WriteFile(files[1], b, 0o600))
	_, err = o.check()
	require.ErrorIs(t, err, errOther)
}

// TestPlainFiles sets and checks values again and again, and removes them with all of
// their files.
func TestPlainFiles(t *testing.T) {
	p, err := partition.New(comm.Self(), partition.Options{})
	require.NoError(t, err)
	for _, kind := range []string{"raw", "raw-summed", "raw-exchanged"} {
		dir := t.TempDir()
		o, err := open(p, 1, subject{Kind: kind, Dir: dir, Data: small, Procs: 1, Threads: 2})
		require.NoError(t, err)
		for range 3 {
			slices.Reverse(o.values)
			_, err = o.set(0, len(o.keys))
			require.NoError(t, err)
			_, err = o.check()
			require.NoError(t, err, kind)
		}
		_, err = operations["remove"](o)
		require.NoError(t, err)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left, kind)
	}
}

// TestCut looks at that pieces are all bytes, once each, in as many parts as wanted.
func TestCut(t *testing.T) {
	values, err := data{"particles", 37, 1}.values(0)
	require.NoError(t, err)
	d := values[0]
	for n := range 9 {
		parts := cut(d, n+1)
		require.Len(t, parts, n+1)
		var all []byte
		for _, part := range parts {
			bytes := 0
			for _, p := range part {
				require.EqualValues(t, len(all), p.at)
				all = append(all, p.bytes...)
				bytes += len(p.bytes)
			}
			require.InDelta(t, d.NBytes()/(n+1), bytes, float64(n+1))
		}
		var want []byte
		for _, a := range d.All() {
			want = append(want, a.Bytes()...)
		}
		require.Equal(t, want, all)
	}
}

func TestSum(t *testing.T) {
	x := make([]float32, 21)
	ids, masks := make([]int64, 21), make([]uint16, 21)
	for i := range x {
		x[i], ids[i], masks[i] = float32(i), -int64(i), 65535
	}
	d := soa.NewDict()
	d.Set("x", soa.Of(x))
	d.Set("id", soa.Of(ids))
	d.Set("mask", soa.Of(masks))
	var minus int64 = -210
	require.Equal(t, uint64(minus)+21*65535, sum(d, 2).whole)
	require.Equal(t, float32(210), sumOf[float32](x))
}
