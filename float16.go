package soa

import "math"

// F16 is an IEEE 754 binary16 number by its bits: the element type of Float16
// arrays, which Go has no arithmetic for.
type F16 uint16

// Float32 returns f's value; every F16 has one. A NaN keeps its payload.
func (f F16) Float32() float32 {
	sign := uint32(f&0x8000) << 16
	exp := uint32(f>>10) & 0x1f
	frac := uint32(f & 0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	}
	// Zero or subnormal: frac units of 2^-24, exact in float32.
	v := float32(frac) / (1 << 24)
	if sign != 0 {
		return float32(math.Copysign(float64(v), -1))
	}
	return v
}

// ToF16 rounds v to the nearest F16, ties to even, as IEEE 754 and NumPy do;
// what is too large becomes an infinity. A NaN stays a NaN.
func ToF16(v float32) F16 {
	bits := math.Float32bits(v)
	sign := F16(bits >> 16 & 0x8000)
	abs := bits & 0x7fffffff
	switch {
	case abs > 0x7f800000:
		return sign | 0x7c00 | F16(abs>>13&0x3ff) | quietIfEmpty(abs)
	case abs >= 0x477ff000: // rounds to 2^16 or more
		return sign | 0x7c00
	case abs >= 0x38800000: // normal: 2^-14 or more
		return sign | F16(roundShift(abs-112<<23, 13))
	case abs < 0x33000000: // less than half of the smallest subnormal
		return sign
	}
	shift := 126 - abs>>23 // brings the significand to units of 2^-24
	return sign | F16(roundShift(abs&0x7fffff|0x800000, shift))
}

// quietIfEmpty keeps a NaN from turning into an infinity when the bits of its
// payload that fit are all zero.
func quietIfEmpty(abs uint32) F16 {
	if abs>>13&0x3ff == 0 {
		return 0x200
	}
	return 0
}

// roundShift returns v >> n rounded to nearest, ties to even.
func roundShift(v, n uint32) uint32 {
	half := uint32(1) << (n - 1)
	rest := v & (half<<1 - 1)
	v >>= n
	if rest > half || rest == half && v&1 == 1 {
		v++
	}
	return v
}
