package lz4

// sequencesPortable is the portable twin of the vector kernel: it decodes sequences
// of few literals and a short match from src[s:] to dst[d:], and returns where the
// first one begins that it left.
func sequencesPortable(dst, src []byte, d, s int) (dNext, sNext int) {
	for len(src)-s >= slack && len(dst)-d >= slack+16 {
		in := (*[slack]byte)(src[s:])
		literals, match := int(in[0]>>4), int(in[0]&more)
		if literals == more || match == more {
			break
		}
		copy(dst[d:d+16], in[1:17])
		offset := int(in[literals+1]) | int(in[literals+2])<<8
		to := d + literals
		from, end := to-offset, to+match+minMatch
		switch {
		case offset == 0 || from < 0:
			return d, s
		case offset >= 16:
			copy(dst[to:to+16], dst[from:from+16])
			if match > 16-minMatch {
				copy(dst[to+16:to+18], dst[from+16:from+18])
			}
		default:
			for ; to < end; to++ {
				dst[to] = dst[to-offset]
			}
		}
		d, s = end, s+literals+3
	}
	return d, s
}
