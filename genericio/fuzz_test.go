package genericio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc64"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

// The seeds are files of some kilobytes, which go test would spend minutes on to make
// smaller: fuzz with -fuzzminimizetime 10x.
func seeds(f *testing.F) (names []string) {
	names, err := filepath.Glob("testdata/*.gio*")
	require.NoError(f, err)
	require.NotEmpty(f, names)
	return names
}

// seal makes the checksum of a header right, so that fuzzing gets behind it.
func seal(data []byte) []byte {
	if len(data) < 16 {
		return data
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if bytes.HasPrefix(data, []byte("HACC01B")) {
		order = binary.BigEndian
	}
	if n := order.Uint64(data[8:]); n <= uint64(len(data)-8) {
		data = bytes.Clone(data)
		binary.LittleEndian.PutUint64(data[n:], ^crc64.Checksum(data[:n], crc64.MakeTable(crc64.ECMA)))
	}
	return data
}

// No file makes a Reader panic, hang, or give more rows than its bytes can hold.
func FuzzReader(f *testing.F) {
	for _, name := range seeds(f) {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		if len(data) < 20_000 { // the others are slow to mutate
			f.Add(data, true)
		}
	}
	for i, c := range compressors {
		d := one("ramp", ramp(300))
		d.Set("flag", column(300, func(i int) int16 { return int16(i % 7) }))
		f.Add(write(f, []*soa.Dict{d}, func(int) genericio.Spec {
			return genericio.Spec{Compress: &genericio.Compression{Inner: c, Shuffle: shuffles[i%3]}}
		}).data, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		if sealed {
			data = seal(data)
		}
		r, err := genericio.NewReader(bytes.NewReader(data), int64(len(data)), genericio.ReadOptions{SkipCRC: sealed})
		if err != nil {
			return
		}
		_ = r.Verify(ctx) // wrong checksums are expected
		total := 0
		for rank := range r.Header().Ranks {
			for i, v := range r.Header().Variables {
				b := r.Block(rank, i)
				if b.Plain > 1<<24 {
					continue // possible if it is compressed, and slow
				}
				d := soa.NewDict()
				err := r.ReadRank(ctx, rank, d, v.Name)
				view, verr := r.View(ctx, data, rank, v.Name)
				require.Equal(t, err == nil, verr == nil, "%v, %v", err, verr)
				if err == nil {
					requireEqual(t, d, view)
					require.LessOrEqual(t, b.Plain, b.Size<<15)
					total += int(min(b.Plain, b.Size))
				}
			}
		}
		require.LessOrEqual(t, total, len(data))
	})
}

// bytesSource is a file in memory.
type bytesSource struct{ *bytes.Reader }

func (bytesSource) Close() error           { return nil }
func (s bytesSource) Size() (int64, error) { return s.Reader.Size(), nil }

// No rank map, and no partition, makes a Dataset panic or mix up ranks.
func FuzzMap(f *testing.F) {
	read := func(name string) []byte {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		return data
	}
	f.Add(read("parts.gio"), read("parts.gio#0"))
	f.Add(read("parts.gio"), read("parts.gio#1"))
	f.Add(read("parts.gio"), read("plain.gio"))
	f.Add(read("one.gio"), read("one.gio"))
	f.Fuzz(func(t *testing.T, index, part []byte) {
		index, part = seal(index), seal(part)
		open := func(name string) (genericio.Source, error) {
			switch name {
			case "f":
				return bytesSource{bytes.NewReader(index)}, nil
			case "f#0", "f#1":
				return bytesSource{bytes.NewReader(part)}, nil
			}
			return nil, fs.ErrNotExist
		}
		s, err := genericio.OpenDataset(ctx, "f", open, genericio.ReadOptions{})
		if err != nil {
			return
		}
		defer s.Close()
		for rank := range s.NumRanks() {
			err := s.WithRank(rank, func(r *genericio.Reader, position int) error {
				if s.Entries() != nil && len(r.Header().Ranks) != 0 {
					global := r.Header().Ranks[position].GlobalRank
					require.True(t, global == rank || global == position, "rank %d at %d is %d", rank, position, global)
				}
				return r.ReadRank(ctx, position, soa.NewDict())
			})
			_ = err // a partition may be damaged
		}
		share := soa.NewDict()
		if err := s.ReadShare(ctx, genericio.Share{Policy: genericio.Redistribute, Procs: 1}, share); err == nil {
			require.LessOrEqual(t, share.NBytes(), len(index)+2*len(part))
		} else if errors.Is(err, genericio.ErrRankCount) {
			require.FailNow(t, "Redistribute never refuses a number of ranks")
		}
	})
}
