package genericio

import (
	"context"
	"slices"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/together"
)

// chunk is how many bytes are read or written and summed at a time: few enough
// to be in the cache still when the second of the two comes. Elements do not
// straddle chunks.
const chunk = 256 << 10

// buffers holds the memory that a block's last bytes and its checksum are read
// into, and written from, together.
var buffers = sync.Pool{New: func() any { return new([chunk + crcSize]byte) }}

// readBlock reads the rows of a rank and a variable, in native byte order, into
// dst, which is as long as they are. The block is readable.
func (r *Reader) readBlock(ctx context.Context, rank, v int, dst []byte) error {
	b := r.blocks.at(rank, v)
	desc := &r.head.Variables[v]
	each := func(p []byte) {}
	if bigEndian(r.head.ByteOrder) != soa.NativeBigEndian() {
		each = func(p []byte) { swap(p, desc.DType.Size()) }
	}
	read := r.readRaw
	if !b.raw() {
		read = r.readBlosc
	}
	if err := read(ctx, b, dst, each); err != nil {
		return r.blockError(rank, v, err)
	}
	return nil
}

// readBlocks reads the rows of a rank and several variables, as readBlock does,
// into an array for each: several columns at a time if there is much to read or to
// decode.
func (r *Reader) readBlocks(ctx context.Context, rank int, cols []int, arrays []soa.Array) error {
	read := func(ctx context.Context, i int) error { return r.readBlock(ctx, rank, cols[i], arrays[i].Bytes()) }
	size := 0
	for _, a := range arrays {
		size += a.NBytes()
	}
	many := manyBytes
	if slices.ContainsFunc(cols, func(v int) bool { return !r.isRaw(rank, v) }) {
		many = manyCoded
	}
	if size >= many {
		return columnsAtOnce(ctx, len(cols), read)
	}
	for i := range cols {
		if err := read(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// readRaw reads a block's stored bytes into dst, checks them, and calls each on every
// piece of them while it is in the cache.
func (r *Reader) readRaw(ctx context.Context, b block, dst []byte, each func([]byte)) error {
	if parts := together.Parts(b.Size); parts > 1 {
		return r.readParts(ctx, b, dst, each, parts)
	}
	var stored [crcSize]byte
	crc, err := r.readPart(ctx, b.Offset, dst, stored[:], each)
	if err != nil {
		return err
	}
	return r.compare(crc, stored[:])
}

// readParts is readRaw of so many parts at once.
func (r *Reader) readParts(ctx context.Context, b block, dst []byte, each func([]byte), parts int) error {
	var stored [crcSize]byte
	crc, err := sumParts(int64(len(dst)), parts, func(lo, hi int64) (uint64, error) {
		var end []byte
		if hi == int64(len(dst)) {
			end = stored[:]
		}
		return r.readPart(ctx, b.Offset+lo, dst[lo:hi], end, each)
	})
	if err != nil {
		return err
	}
	return r.compare(crc, stored[:])
}

// sumParts returns the checksum of n bytes from those of so many parts of them, which
// it has sum take at once.
func sumParts(n int64, parts int, sum func(lo, hi int64) (uint64, error)) (crc uint64, err error) {
	return together.SumParts(0, n, parts, chunk, crc64.Combine, sum)
}

// readPart reads bytes of a block from offset at on, and returns their checksum. It
// reads what comes behind them into end.
func (r *Reader) readPart(ctx context.Context, at int64, dst, end []byte, each func([]byte)) (crc uint64, err error) {
	for len(dst) >= chunk {
		if err := r.pread(ctx, dst[:chunk], at); err != nil {
			return 0, err
		}
		crc = r.sum(crc, dst[:chunk])
		each(dst[:chunk])
		dst, at = dst[chunk:], at+chunk
	}
	buf := buffers.Get().(*[chunk + crcSize]byte)
	defer buffers.Put(buf)
	rest := buf[:len(dst)+len(end)]
	if err := r.pread(ctx, rest, at); err != nil {
		return 0, err
	}
	copy(end, rest[copy(dst, rest):])
	crc = r.sum(crc, dst)
	each(dst)
	return crc, nil
}

// checkRaw reads a block's stored bytes and checks them.
func (r *Reader) checkRaw(ctx context.Context, b block) error {
	buf := buffers.Get().(*[chunk + crcSize]byte)
	defer buffers.Put(buf)
	crc, at, end := uint64(0), b.Offset, b.Offset+b.Size
	for ; end-at >= chunk; at += chunk {
		if err := r.pread(ctx, buf[:chunk], at); err != nil {
			return err
		}
		crc = crc64.Update(crc, buf[:chunk])
	}
	rest := buf[:end-at+crcSize]
	if err := r.pread(ctx, rest, at); err != nil {
		return err
	}
	if !checksumOK(crc64.Update(crc, rest[:end-at]), rest[end-at:]) {
		return ErrChecksum
	}
	return nil
}

// pread fills p from offset at.
func (r *Reader) pread(ctx context.Context, p []byte, at int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return readFull(r.src, p, at)
}

func (r *Reader) sum(crc uint64, p []byte) uint64 {
	if r.opts.SkipCRC {
		return crc
	}
	return crc64.Update(crc, p)
}

func (r *Reader) compare(crc uint64, stored []byte) error {
	if r.opts.SkipCRC || checksumOK(crc, stored) {
		return nil
	}
	return ErrChecksum
}
