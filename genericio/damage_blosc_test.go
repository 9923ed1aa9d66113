package genericio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc64"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
	"github.com/soastore/soa/codec/blosc"
	"github.com/soastore/soa/genericio"
)

func TestZstdFramesOlderThanTheFormatSaySo(t *testing.T) {
	r, err := genericio.Open("testdata/comp-zstd.gio", genericio.ReadOptions{})
	require.NoError(t, err)
	defer r.Close()
	d := soa.NewDict()
	err = r.ReadRank(ctx, 0, d, "id")
	require.ErrorIs(t, err, codec.ErrOldZstd)
	require.NotErrorIs(t, err, genericio.ErrFormat, "nothing is wrong with it")
	var block *genericio.BlockError
	require.ErrorAs(t, err, &block)
	require.Equal(t, "id", block.Variable)
	require.ErrorContains(t, err, "older than 1.0")
	require.Zero(t, d.Len())

	require.NoError(t, r.Verify(ctx), "blocks are checked as they are stored")
	f := fixture{seed: 13, ranks: 3, base: 900}
	require.NoError(t, r.ReadRank(ctx, 2, d, "mask"), "raw blocks of it")
	want, _ := f.want(2).Select("mask")
	requireEqual(t, want, d)
	require.NoError(t, r.ReadRank(ctx, 1, d), "a rank without rows")
}

func TestEveryFlippedBitOfCompressedDataIsAnError(t *testing.T) {
	own := one("ramp", ramp(3000))
	own.Set("noise", noise(1, 3000))
	f := write(t, []*soa.Dict{own}, compressed)
	for name, data := range map[string][]byte{"comp-lz4.gio": load(t, "comp-lz4.gio"), "own": f.data} {
		start := binary.LittleEndian.Uint64(data[8:])
		for bit := int(start) * 8; bit < len(data)*8; bit += 1009 {
			data[bit/8] ^= 1 << (bit % 8)
			if err := readAll(data); !errors.Is(err, genericio.ErrChecksum) && !errors.Is(err, genericio.ErrFormat) {
				require.FailNow(t, "flipped bit accepted", "%s bit %d: %v", name, bit, err)
			}
			r, err := newReader(data)
			if err == nil {
				require.ErrorIs(t, r.Verify(ctx), genericio.ErrChecksum, "%s bit %d", name, bit)
			}
			data[bit/8] ^= 1 << (bit % 8)
		}
		require.NoError(t, readAll(data))
	}
}

// resum makes the checksum behind a block right again.
func resum(data []byte, b genericio.Block) {
	end := b.Offset + b.Size
	binary.LittleEndian.PutUint64(data[end:], ^crc64.Checksum(data[b.Offset:end], crc64.MakeTable(crc64.ECMA)))
}

// The checksum of the rows finds what that of the stored bytes does not.
func TestTheChecksumOfTheRowsIsChecked(t *testing.T) {
	want := one("ramp", ramp(3000))
	f := write(t, []*soa.Dict{want}, compressed)
	r := f.reader(t)
	b := r.Block(0, 0)
	intact := bytes.Clone(f.data)
	unnoticed := 0
	rng := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		bit := b.Offset*8 + rng.Int64N(b.Size*8)
		f.data[bit/8] ^= 1 << (bit % 8)
		resum(f.data, b)
		got := soa.NewDict()
		switch err := r.ReadRank(ctx, 0, got); {
		case err == nil: // a byte of the chunk that does not matter
			requireEqual(t, want, got, bit)
			unnoticed++
		default:
			require.True(t, errors.Is(err, genericio.ErrChecksum) || errors.Is(err, genericio.ErrFormat), "%d: %v", bit, err)
			err := r.Verify(ctx)
			require.True(t, errors.Is(err, genericio.ErrChecksum) || errors.Is(err, genericio.ErrFormat), "%d: %v", bit, err)
		}
		copy(f.data, intact)
	}
	require.Less(t, unnoticed, 100)

	f.data[b.Offset] ^= 1 // the checksum of the rows itself
	resum(f.data, b)
	require.ErrorIs(t, r.ReadRank(ctx, 0, soa.NewDict()), genericio.ErrChecksum)
	require.ErrorIs(t, r.Verify(ctx), genericio.ErrChecksum)
	skip, err := genericio.NewReader(bytes.NewReader(f.data), int64(len(f.data)), genericio.ReadOptions{SkipCRC: true})
	require.NoError(t, err)
	got := soa.NewDict()
	require.NoError(t, skip.ReadRank(ctx, 0, got))
	requireEqual(t, want, got)
	require.ErrorIs(t, skip.Verify(ctx), genericio.ErrChecksum)
}

// A file that claims more rows than its chunks can hold allocates nothing for them.
func TestHostileChunksAllocateNothing(t *testing.T) {
	f := write(t, []*soa.Dict{one("v", column(500_000, func(int) int8 { return 7 }))}, compressed)
	at := f.reader(t).Block(0, 0).Offset + 8
	const rows, rank = 16, 168 + 280 // of the header
	claim := func(n uint64, chunk uint32) []byte {
		data := patch(patch(f.data, rows, n), rank+24, n)
		binary.LittleEndian.PutUint32(data[at+4:], chunk)
		return data
	}
	for what, data := range map[string][]byte{
		"rows only":      claim(1<<40, 500_000),
		"one row more":   claim(500_001, 500_000),
		"rows and chunk": claim(1<<30, 1<<30),
		"chunk only":     claim(500_000, 1<<30),
		"not 2 GiB":      claim(1<<31, 1<<31),
		"short chunk":    patch(f.data, 168+280+48+40, 20),
		"no chunk":       patch(f.data, 168+280+48+40, 3),
		"longer block":   append(patch(f.data, 168+280+48+40, uint64(len(f.data))-uint64(at)+8), make([]byte, 100)...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := readAll(data)
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, genericio.ErrFormat, what)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), what)
		r, err := newReader(data)
		require.NoError(t, err)
		require.Error(t, r.Verify(ctx), what)
	}
	require.NoError(t, readAll(claim(500_000, 500_000)), "the changes are what is wrong")
}

// bigEndian writes a big-endian file of one rank and a variable v of int32, in a
// block of Blosc's.
func bigEndian(values []int32) []byte {
	be := binary.BigEndian
	var rows []byte
	for _, v := range values {
		rows = be.AppendUint32(rows, uint32(v))
	}
	table := crc64.MakeTable(crc64.ECMA)
	chunk, err := blosc.Encode(be.AppendUint64(nil, crc64.Checksum(rows, table)), rows, 4, blosc.Options{})
	if err != nil {
		panic(err)
	}
	const head = 168 + 280 + 48 + 48
	u64 := func(out []byte, values ...uint64) []byte {
		for _, v := range values {
			out = be.AppendUint64(out, v)
		}
		return out
	}
	out := u64([]byte("HACC01B\x00"), head, uint64(len(values)), 1, 1, 1, 1, 280, 168, 1, 48, 448, 168)
	out = u64(out, 0, 0, 0, 0, 0, 0, 48, 496)
	out = u64(append(append(out, 'v'), make([]byte, 255)...), uint64(genericio.Signed), 4, 4)
	out = u64(out, 0, 0, 0, uint64(len(values)), head+8, 0)
	out = u64(append(append(out, "BLOSC"...), make([]byte, 27)...), head+8, uint64(len(chunk)))
	out = binary.LittleEndian.AppendUint64(out, ^crc64.Checksum(out, table))
	return binary.LittleEndian.AppendUint64(append(out, chunk...), ^crc64.Checksum(chunk, table))
}

func TestCompressedBigEndianFiles(t *testing.T) {
	values := make([]int32, 100_000)
	for i := range values {
		values[i] = int32(i - 70)
	}
	data := bigEndian(values)
	r, err := newReader(data)
	require.NoError(t, err)
	require.NoError(t, r.Verify(ctx))
	d := soa.NewDict()
	require.NoError(t, r.ReadRank(ctx, 0, d))
	requireEqual(t, one("v", soa.Of(values)), d)
	view, err := r.View(ctx, data, 0)
	require.NoError(t, err)
	requireEqual(t, d, view)
}
