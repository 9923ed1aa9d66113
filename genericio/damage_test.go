package genericio_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc64"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

var ctx = context.Background()

func load(t testing.TB, file string) []byte {
	data, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	return data
}

func newReader(data []byte) (*genericio.Reader, error) {
	return genericio.NewReader(bytes.NewReader(data), int64(len(data)), genericio.ReadOptions{})
}

// readAll opens data and reads every column of every rank.
func readAll(data []byte) error {
	r, err := newReader(data)
	if err != nil {
		return err
	}
	for rank := range r.Header().Ranks {
		if err := r.ReadRank(ctx, rank, soa.NewDict()); err != nil {
			return err
		}
	}
	return nil
}

func TestEveryTruncationIsAnError(t *testing.T) {
	for file, step := range map[string]int{"plain.gio": 1, "blocks.gio": 1, "bigendian.gio": 7, "comp-lz4.gio": 37} {
		data := load(t, file)
		for n := 0; n < len(data); n += step {
			if _, err := newReader(data[:n]); !errors.Is(err, genericio.ErrFormat) {
				require.FailNow(t, "truncation accepted", "%s at %d: %v", file, n, err)
			}
		}
		_, err := newReader(append(data, 1, 2, 3))
		require.NoError(t, err, "a longer file is none")
	}
}

// A file that becomes shorter behind the back of an open Reader is an error too.
func TestEveryLaterTruncationIsAnError(t *testing.T) {
	data := load(t, "plain.gio")
	for n := len(data) - 1; n > 3168; n -= 7 {
		r, err := genericio.NewReader(bytes.NewReader(data), int64(len(data)), genericio.ReadOptions{SkipCRC: true})
		require.NoError(t, err)
		short, err := genericio.NewReader(&shrinking{data, n}, int64(len(data)), genericio.ReadOptions{SkipCRC: true})
		require.NoError(t, err)
		require.ErrorIs(t, short.Verify(ctx), io.ErrUnexpectedEOF)
		last := len(r.Header().Ranks) - 1
		if err := short.ReadRank(ctx, last, soa.NewDict()); err == nil || !errors.Is(err, genericio.ErrFormat) {
			require.FailNow(t, "truncation accepted", "at %d: %v", n, err)
		}
		_, err = r.View(ctx, data[:n], last)
		require.ErrorIs(t, err, genericio.ErrFormat)
	}
}

// shrinking is a file that has only n bytes left once its header was read.
type shrinking struct {
	data []byte
	n    int
}

func (s *shrinking) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		return copy(p, s.data), nil
	}
	if off >= int64(s.n) {
		return 0, io.EOF
	}
	n := copy(p, s.data[off:s.n])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// A source that neither reads nor fails must not be asked for ever.
func TestSourceWithoutProgressIsAnError(t *testing.T) {
	_, err := genericio.NewReader(stuck{}, 1<<20, genericio.ReadOptions{})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

type stuck struct{}

func (stuck) ReadAt([]byte, int64) (int, error) { return 0, nil }

func TestEveryFlippedBitOfTheHeaderIsAnError(t *testing.T) {
	for _, test := range []struct {
		file string
		size int
	}{{"plain.gio", 3168}, {"blocks.gio", 4032}, {"parts.gio", 1624}, {"bigendian.gio", 3072}} {
		data := load(t, test.file)
		for bit := range test.size * 8 {
			data[bit/8] ^= 1 << (bit % 8)
			_, err := newReader(data)
			if !errors.Is(err, genericio.ErrFormat) {
				require.FailNow(t, "flipped bit accepted", "%s bit %d: %v", test.file, bit, err)
			}
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestEveryFlippedBitOfTheDataIsAnError(t *testing.T) {
	data := load(t, "plain.gio")
	for bit := 3168 * 8; bit < len(data)*8; bit += 61 {
		data[bit/8] ^= 1 << (bit % 8)
		if err := readAll(data); !errors.Is(err, genericio.ErrChecksum) {
			require.FailNow(t, "flipped bit accepted", "bit %d: %v", bit, err)
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
	require.NoError(t, readAll(data))
}

func TestVerifyNamesEveryBadBlock(t *testing.T) {
	data := load(t, "plain.gio")
	r, err := newReader(data)
	require.NoError(t, err)
	bad := [][2]int{{0, 3}, {2, 9}, {3, 0}}
	for _, b := range bad {
		data[r.Block(b[0], b[1]).Offset+1] ^= 4
	}
	data[r.Block(1, 5).Offset] ^= 1 // a checksum: rank 1 has no rows
	bad = append(bad[:1], append([][2]int{{1, 5}}, bad[1:]...)...)
	err = r.Verify(ctx)
	require.ErrorIs(t, err, genericio.ErrChecksum)
	joined := err.(interface{ Unwrap() []error }).Unwrap()
	require.Len(t, joined, len(bad))
	for i, err := range joined {
		var block *genericio.BlockError
		require.ErrorAs(t, err, &block)
		require.Equal(t, bad[i][0], block.Rank)
		require.Equal(t, r.Header().Variables[bad[i][1]].Name, block.Variable)
		require.Equal(t, r.Block(bad[i][0], bad[i][1]).Offset, block.Offset)
	}
}

func TestSkipCRCReadsWhatIsThere(t *testing.T) {
	data := load(t, "plain.gio")
	r, err := genericio.NewReader(bytes.NewReader(data), int64(len(data)), genericio.ReadOptions{SkipCRC: true})
	require.NoError(t, err)
	data[r.Block(0, 9).Offset] ^= 1
	d, want := soa.NewDict(), fixtureNamed(t, "plain.gio").want(0)
	require.NoError(t, r.ReadRank(ctx, 0, d, "lvl"))
	lvl, _ := soa.Column[int8](want, "lvl")
	lvl[0] ^= 1
	got, _ := soa.Column[int8](d, "lvl")
	require.Equal(t, lvl, got)
	require.ErrorIs(t, r.Verify(ctx), genericio.ErrChecksum)
}

// patch writes numbers into the header of a little-endian file and makes its
// checksum right again, as a hostile writer would.
func patch(data []byte, at int, values ...uint64) []byte {
	out := bytes.Clone(data)
	for i, v := range values {
		binary.LittleEndian.PutUint64(out[at+8*i:], v)
	}
	if n := binary.LittleEndian.Uint64(out[8:]); n <= uint64(len(out))-8 {
		crc := crc64.Checksum(out[:n], crc64.MakeTable(crc64.ECMA))
		binary.LittleEndian.PutUint64(out[n:], ^crc)
	}
	return out
}

func TestHostileHeadersAreErrors(t *testing.T) {
	plain, blocks := load(t, "plain.gio"), load(t, "blocks.gio")
	const huge = 1<<64 - 1
	const vars, ranks, table = 168, 2968, 3064 // of both; the block table of blocks.gio
	for what, data := range map[string][]byte{
		"header size 0":          patch(plain, 8, 0),
		"header size overflows":  patch(plain, 8, huge),
		"header size overflows8": patch(plain, 8, huge-7),
		"header of whole file":   patch(plain, 8, uint64(len(plain))),
		"rows":                   patch(plain, 16, 336),
		"rows huge":              patch(plain, 16, huge),
		"dims":                   patch(plain, 24, 1<<31),
		"variables huge":         patch(plain, 48, huge),
		"variables product":      patch(plain, 48, 1<<61, 1<<3),
		"variable size 0":        patch(plain, 56, 0),
		"variable size small":    patch(plain, 56, 271),
		"variable start":         patch(plain, 64, huge),
		"ranks huge":             patch(plain, 72, huge),
		"rank size":              patch(plain, 80, 39),
		"rank start":             patch(plain, 88, 3160),
		"global size small":      patch(plain, 96, 103),
		"global size large":      patch(plain, 96, 3161),
		"blocks size":            patch(plain, 152, 47, 168),
		"blocks start":           patch(plain, 152, 48, huge),
		"two names":              patch(plain, vars+280, uint64('x')),
		"row size 0":             patch(plain, vars+264, 0),
		"row size huge":          patch(plain, vars+264, 1<<62),
		"element size 0":         patch(plain, vars+272, 0),
		"element size 3":         patch(plain, vars+272, 3),
		"coordinates":            patch(plain, ranks, huge),
		"rank rows huge":         patch(plain, ranks+24, huge),
		"rank rows overflow":     patch(plain, ranks+24, 1<<60),
		"rank in header":         patch(plain, ranks+32, 3160),
		"rank past end":          patch(plain, ranks+32, uint64(len(plain))),
		"rank start huge":        patch(plain, ranks+32, huge),
		"ranks overlap":          patch(plain, ranks+48*3+32, 8028+100),
		"global rank":            patch(plain, ranks+40, 1<<31),
		"block in header":        patch(blocks, table+32, 4031),
		"block past end":         patch(blocks, table+32, 12041-320),
		"block start huge":       patch(blocks, table+32, huge),
		"block size":             patch(blocks, table+40, 319),
		"block size huge":        patch(blocks, table+40, huge-4032),
		"blocks overlap":         patch(blocks, table+32, 4361),
		"filtered past end":      patch(patch(blocks, table, 0x43534f4c42), table+40, 9000),
	} {
		_, err := newReader(data)
		require.ErrorIs(t, err, genericio.ErrFormat, what)
		require.NotErrorIs(t, err, genericio.ErrChecksum, what)
	}
	_, err := newReader(patch(blocks, table+32, 4032))
	require.NoError(t, err, "patch itself damages nothing")
}

// Blocks need not stand in order.
func TestBlocksInAnyOrder(t *testing.T) {
	data := load(t, "blocks.gio")
	const table, x, y = 3064, 4032, 4360
	swapped := patch(patch(data, table+32, y), table+48+32, x)
	copy(swapped[x:], data[y:y+328])
	copy(swapped[y:], data[x:x+328])
	r, err := newReader(swapped)
	require.NoError(t, err)
	d := soa.NewDict()
	require.NoError(t, r.ReadRank(ctx, 0, d))
	requireEqual(t, fixtureNamed(t, "blocks.gio").want(0), d)
}

func TestFiltersAreNamedAndRefused(t *testing.T) {
	data := load(t, "blocks.gio")
	r, err := newReader(patch(data, 3064, 0x58))
	require.NoError(t, err)
	require.NoError(t, r.Verify(ctx), "the block is checked as it is stored")
	d := soa.NewDict()
	err = r.ReadRank(ctx, 0, d)
	require.ErrorIs(t, err, genericio.ErrFilter)
	var block *genericio.BlockError
	require.ErrorAs(t, err, &block)
	require.Equal(t, genericio.BlockError{File: "file", Rank: 0, Variable: "x", Offset: 4032, Err: block.Err}, *block)
	require.ErrorContains(t, err, `unknown filter: ["X"]`)
	require.Zero(t, d.Len())
	require.NoError(t, r.ReadRank(ctx, 0, d, "y"), "other columns of it")
	require.False(t, r.Viewable(0, 0))

	r, err = newReader(patch(data, 3064, 0x43534f4c42, 0x58))
	require.NoError(t, err)
	require.ErrorContains(t, r.ReadRank(ctx, 0, d), `unknown filter: ["BLOSC" "X"]`)
}
