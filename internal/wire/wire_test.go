package wire_test

import (
	"encoding/binary"
	"io"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa/internal/wire"
)

func TestCursorReadsBothByteOrders(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		p := make([]byte, 0, 64)
		p = append(p, "abc\x00\x00junk"...)
		p = append(p, 1, 2, 3)
		p = app(order, p, 2, 0xbeef)
		p = app(order, p, 4, 0xdeadbeef)
		p = app(order, p, 8, 0x0123456789abcdef)
		p = app(order, p, 8, math.Float64bits(-256.5))
		c := wire.NewCursor(p, order)
		require.Equal(t, "abc", c.Text(9))
		require.Equal(t, []byte{1, 2, 3}, c.Bytes(3))
		require.Equal(t, uint16(0xbeef), c.U16())
		require.Equal(t, uint32(0xdeadbeef), c.U32())
		require.Equal(t, uint64(0x0123456789abcdef), c.U64())
		require.Equal(t, -256.5, c.F64())
		require.Zero(t, c.Len())
		require.NoError(t, c.Err())
	}
}

func app(order binary.ByteOrder, p []byte, n int, v uint64) []byte {
	var b [8]byte
	switch n {
	case 2:
		order.PutUint16(b[:], uint16(v))
	case 4:
		order.PutUint32(b[:], uint32(v))
	default:
		order.PutUint64(b[:], v)
	}
	return append(p, b[:n]...)
}

// The first read past the end fails and so does everything after it, even what
// would have fitted.
func TestCursorFailsForGood(t *testing.T) {
	c := wire.NewCursor(make([]byte, 5), binary.LittleEndian)
	require.Zero(t, c.U64())
	require.ErrorIs(t, c.Err(), io.ErrUnexpectedEOF)
	require.Zero(t, c.U16())
	require.Nil(t, c.Bytes(1))
	require.Empty(t, c.Text(1))
	require.Zero(t, c.Len())

	c = wire.NewCursor(make([]byte, 5), binary.LittleEndian)
	require.Nil(t, c.Bytes(-1))
	require.Error(t, c.Err())
}

func TestBytesCannotGrowIntoWhatFollows(t *testing.T) {
	p := []byte{1, 2, 3, 4}
	got := wire.NewCursor(p, binary.LittleEndian).Bytes(2)
	_ = append(got, 9)
	require.Equal(t, []byte{1, 2, 3, 4}, p)
}

// Fits agrees with arithmetic that cannot overflow.
func TestFitsAgreesWithBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 100), rapid.Uint64Range(math.MaxUint64-100, math.MaxUint64))
		start, count, size, limit := v.Draw(t, "start"), v.Draw(t, "count"), v.Draw(t, "size"), v.Draw(t, "limit")
		b := func(v uint64) *big.Int { return new(big.Int).SetUint64(v) }
		end := new(big.Int).Mul(b(count), b(size))
		end.Add(end, b(start))
		if got, want := wire.Fits(start, count, size, limit), end.Cmp(b(limit)) <= 0; got != want {
			t.Fatalf("Fits(%d, %d, %d, %d) = %v", start, count, size, limit, got)
		}
	})
}
