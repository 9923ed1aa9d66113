package codec

import (
	"errors"

	"github.com/soastore/soa/codec/blosc"
)

// bloscVersion is the first byte of a Blosc chunk, which no frame begins with.
const bloscVersion = 2

// bloscCodec writes Blosc-1 chunks.
type bloscCodec struct{ o Options }

func (c bloscCodec) Encode(dst, src []byte, typesize int) ([]byte, error) {
	out, err := blosc.Encode(dst, src, typesize, c.o.blosc())
	return out, bloscError(err)
}

func (c bloscCodec) Decode(dst, src []byte) ([]byte, error) { return Decode(dst, src, c.o) }

func decodeBlosc(dst, src []byte, o Options) ([]byte, error) {
	out, err := blosc.Decode(dst, src, o.blosc())
	return out, bloscError(err)
}

func (o Options) blosc() blosc.Options {
	return blosc.Options{
		Compressor: o.Inner,
		Shuffle:    o.Shuffle,
		Level:      o.level(Blosc),
		Limit:      o.Limit,
		Workers:    o.Workers,
	}
}

// bloscError makes an error of package blosc one of this package.
func bloscError(err error) error {
	if err == nil {
		return nil // before at is allocated
	}
	var at *blosc.Error
	switch {
	case !errors.As(err, &at):
		return err
	case errors.Is(err, blosc.ErrLimit):
		return &Error{at.Offset, at.Reason, ErrLimit}
	case errors.Is(err, blosc.ErrUnknown):
		return &Error{at.Offset, "blosc: " + at.Reason, ErrUnknown}
	case errors.Is(err, blosc.ErrFormat):
		return &Error{at.Offset, "blosc: " + at.Reason, ErrFormat}
	}
	return &Error{at.Offset, "blosc", at.Err}
}
