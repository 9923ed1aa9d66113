package blosclz

import "errors"

// ErrCorrupt is the error of a stream that is not BloscLZ, or not of dst's length.
var ErrCorrupt = errors.New("blosclz: corrupt stream")

// Decode fills dst from src, which must hold exactly that many bytes.
func Decode(dst, src []byte) error {
	if len(src) == 0 {
		return full(len(dst) == 0)
	}
	ctrl := int(src[0] & 31)
	s, d := 1, 0
	for {
		if ctrl < 32 {
			n := ctrl + 1
			if n > len(src)-s || n > len(dst)-d {
				return ErrCorrupt
			}
			if len(dst)-d >= maxRun && len(src)-s >= maxRun {
				*(*[maxRun]byte)(dst[d:]) = [maxRun]byte(src[s:]) // one length is faster
			} else {
				copy(dst[d:d+n], src[s:s+n])
			}
			s, d = s+n, d+n
		} else {
			length, distance, used := match(ctrl, src[s:])
			if used == 0 || length > len(dst)-d || distance > d {
				return ErrCorrupt
			}
			if length <= 16 && distance >= 16 && len(dst)-d >= 16 {
				*(*[16]byte)(dst[d:]) = [16]byte(dst[d-distance:])
			} else {
				copyMatch(dst[:d+length], d, distance)
			}
			s, d = s+used, d+length
		}
		if s == len(src) {
			return full(d == len(dst))
		}
		ctrl = int(src[s])
		s++
	}
}

func full(ok bool) error {
	if !ok {
		return ErrCorrupt
	}
	return nil
}

// match reads what follows the first byte of a match, and returns how many bytes
// that are: 0 if src is too short.
func match(ctrl int, src []byte) (length, distance, used int) {
	length = ctrl>>5 + minMatch - 1
	high := ctrl & 31
	if length == longMatch {
		for more := 255; more == 255; used++ {
			if used == len(src) {
				return 0, 0, 0
			}
			more = int(src[used])
			length += more
		}
	}
	if used == len(src) {
		return 0, 0, 0
	}
	low := int(src[used])
	used++
	if low < 255 || high < 31 {
		return length, high<<8 + low + 1, used
	}
	if len(src)-used < 2 {
		return 0, 0, 0
	}
	return length, int(src[used])<<8 + int(src[used+1]) + farBase, used + 2
}

// copyMatch fills dst from d on with what is distance before. Where the two
// overlap what is copied doubles at each turn.
func copyMatch(dst []byte, d, distance int) {
	start := d - distance
	for d < len(dst) {
		d += copy(dst[d:], dst[start:d])
	}
}
