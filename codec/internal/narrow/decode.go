package narrow

import (
	"encoding/binary"

	"github.com/soastore/soa/codec/shuffle"
)

// Decode fills dst from src, which must hold exactly that many bytes. On an error
// dst has arbitrary content.
func Decode(dst, src []byte) error {
	if len(src) < headerSize || uint64(binary.LittleEndian.Uint32(src)) != uint64(len(dst)) || src[5] == 0 {
		return ErrCorrupt
	}
	n := len(dst) &^ 7
	base, which := src[4], src[5]
	planes, src, ok := cut(src[headerSize:], which, n/8)
	if !ok || len(src) < len(dst)-n {
		return ErrCorrupt
	}
	join(dst[:n], &planes, base)
	src = src[copy(dst[n:], src):]
	return restore(dst, src)
}

// cut returns the planes, of n bytes each, that src begins with, nil for those that
// are not there, and what follows them.
func cut(src []byte, which byte, n int) (planes [8][]byte, rest []byte, ok bool) {
	for k := range planes {
		if which>>k&1 == 0 {
			continue
		}
		if len(src) < n {
			return planes, src, false
		}
		planes[k], src = src[:n], src[n:]
	}
	return planes, src, true
}

// zeros are part of a plane that is not there.
var zeros [tile / 8]byte

// join fills dst from planes of bytes less base.
func join(dst []byte, planes *[8][]byte, base byte) {
	for at := 0; at < len(dst); at += tile {
		part := dst[at:min(at+tile, len(dst))]
		var rows [8][]byte
		for k, p := range planes {
			if rows[k] = zeros[:]; p != nil {
				rows[k] = p[at/8:]
			}
		}
		shuffle.JoinBits(part, &rows, base)
	}
}

// restore sets the bytes of dst that are exceptions.
func restore(dst, exceptions []byte) error {
	if len(exceptions)%exceptionSize != 0 {
		return ErrCorrupt
	}
	for ; len(exceptions) > 0; exceptions = exceptions[exceptionSize:] {
		e := binary.LittleEndian.Uint32(exceptions)
		if int(e>>8) >= len(dst) {
			return ErrCorrupt
		}
		dst[e>>8] = byte(e)
	}
	return nil
}
