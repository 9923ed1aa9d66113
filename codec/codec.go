package codec

import (
	"fmt"

	"github.com/soastore/soa/codec/blosc"
)

// A Codec turns arrays into fewer bytes. It may be used by several goroutines.
type Codec interface {
	// Encode appends src, encoded, to dst. typesize is the bytes of an element, at
	// least 1; a wrong one costs size and speed, not correctness. The result has at
	// most 16 bytes more than src. The only error is [ErrLimit], of Blosc.
	Encode(dst, src []byte, typesize int) ([]byte, error)
	// Decode appends to dst the array that Encode of any codec made src of. It
	// ignores bytes behind that. On an error it returns dst as it was.
	Decode(dst, src []byte) ([]byte, error)
}

// An ID says in a file which codec wrote something. The numbers are part of the
// format and do not change.
type ID uint8

// The codecs.
const (
	None  ID = 0 // bytes as they are
	Zstd  ID = 1 // small
	S2    ID = 2 // fast to encode
	LZ4   ID = 3 // fast to encode, faster to decode
	Blosc ID = 4 // Blosc-1 chunks, which other programs read
)

var names = [...]string{None: "none", Zstd: "zstd", S2: "s2", LZ4: "lz4", Blosc: "blosc"}

// String returns the codec's name, for example "zstd".
func (id ID) String() string {
	if int(id) >= len(names) {
		return fmt.Sprintf("codec %d", uint8(id))
	}
	return names[id]
}

// ParseID returns the codec that String names so, and whether there is one.
func ParseID(name string) (ID, bool) {
	for id, known := range names {
		if known == name {
			return ID(id), true
		}
	}
	return 0, false
}

// A Shuffle is how the elements' bytes are rearranged before they are compressed.
type Shuffle = blosc.Shuffle

// The shuffles.
const (
	ByteShuffle = blosc.ByteShuffle
	BitShuffle  = blosc.BitShuffle
	NoShuffle   = blosc.NoShuffle
)

// Options are for [New] and [NewAuto]; the zero value works.
type Options struct {
	// Level is 1, fast, to 9, small; values beyond are taken as the nearest. The
	// default is 3 for Zstd and 5 for the others.
	Level int
	// Shuffle is what is done to the elements first. The default is ByteShuffle.
	Shuffle Shuffle
	// Delta stores differences of successive elements, as integers of 1, 2, 4 or 8
	// bytes; other sizes are left alone, and so is Blosc, which has no such thing.
	// The default is false.
	Delta bool
	// Inner is the compressor of Blosc chunks. The default is LZ4.
	Inner blosc.Compressor
	// Limit is for decoding: more bytes are refused before memory is allocated for
	// them. The default is no limit but what the encoded bytes make plausible.
	Limit int
	// Workers is how many goroutines work on an array. The default is one for each
	// processor.
	Workers int
}

// Bound returns a capacity of dst, for an array of n bytes, that saves Encode a copy
// of what it makes. Otherwise it works elsewhere and appends the result, which then
// takes no more memory than it needs.
func Bound(n int) int { return blosc.Bound(n) }

// New returns the codec of that ID. The error is [ErrUnknown], of the ID or of what
// the options ask for.
func New(id ID, o Options) (Codec, error) {
	if o.Shuffle > NoShuffle || o.Inner.String() == "invalid" {
		return nil, &Error{0, "shuffle or inner compressor", ErrUnknown}
	}
	switch id {
	case None, Zstd, S2, LZ4:
		return frameCodec{id, o}, nil
	case Blosc:
		return bloscCodec{o}, nil
	}
	return nil, &Error{0, id.String(), ErrUnknown}
}

func (o Options) level(id ID) int {
	switch {
	case o.Level == 0 && id == Zstd:
		return 3
	case o.Level == 0:
		return 5
	}
	return min(max(o.Level, 1), 9)
}

// IDOf returns the codec that encoded src. Of what [NewAuto] made that is the one
// it chose.
func IDOf(src []byte) (ID, error) {
	if len(src) > 0 && src[0] == bloscVersion {
		_, err := blosc.ParseHeader(src)
		return Blosc, bloscError(err)
	}
	p, err := parseHeader(src)
	return p.id, err
}

// Decode appends to dst the array that Encode of any codec made src of. Only Limit and
// Workers of the options count.
func Decode(dst, src []byte, o Options) ([]byte, error) {
	if len(src) > 0 && src[0] == bloscVersion {
		return decodeBlosc(dst, src, o)
	}
	return decodeFrame(dst, src, o)
}

// frameCodec writes frames of this package.
type frameCodec struct {
	id ID
	o  Options
}

func (c frameCodec) Encode(dst, src []byte, typesize int) ([]byte, error) {
	return encodeFrame(dst, src, newPlan(c.id, c.o, typesize)), nil
}

func (c frameCodec) Decode(dst, src []byte) ([]byte, error) { return Decode(dst, src, c.o) }
