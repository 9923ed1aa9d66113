//go:build !purego && !noasm

#include "textflag.h"

// FOLD moves the 16 bytes v over the distance of key and adds next. It uses tmp.
#define FOLD(v, key, tmp, next) \
	VPMULL  key.D1, v.D1, tmp.Q1       \
	VPMULL2 key.D2, v.D2, v.Q1         \
	VEOR    next.B16, tmp.B16, tmp.B16 \
	VEOR    tmp.B16, v.B16, v.B16

// KEY loads entry i of the keys, whose address is in R3.
#define KEY(i, key) \
	ADD  $(16*i), R3, R4 \
	VLD1 (R4), [key.D2]

// func updatePMULL(r uint64, p []byte, keys *[8][2]uint64) uint64
//
// R1 is what is left of p, R2 its length. V0 to V7 hold eight times 16 bytes of the
// message, V16 to V23 the next eight; at the end all is moved into V0.
TEXT ·updatePMULL(SB), NOSPLIT, $0-48
	MOVD r+0(FP), R0
	MOVD p_base+8(FP), R1
	MOVD p_len+16(FP), R2
	MOVD keys+32(FP), R3
	VEOR V28.B16, V28.B16, V28.B16
	VMOV R0, V28.D[0]
	CMP  $128, R2
	BLT  short

	VLD1.P 64(R1), [V0.B16, V1.B16, V2.B16, V3.B16]
	VLD1.P 64(R1), [V4.B16, V5.B16, V6.B16, V7.B16]
	VEOR   V28.B16, V0.B16, V0.B16
	SUB    $128, R2
	KEY(3, V29)
	CMP    $128, R2
	BLT    join

loop:
	VLD1.P 64(R1), [V16.B16, V17.B16, V18.B16, V19.B16]
	VLD1.P 64(R1), [V20.B16, V21.B16, V22.B16, V23.B16]
	FOLD(V0, V29, V24, V16)
	FOLD(V1, V29, V25, V17)
	FOLD(V2, V29, V26, V18)
	FOLD(V3, V29, V27, V19)
	FOLD(V4, V29, V24, V20)
	FOLD(V5, V29, V25, V21)
	FOLD(V6, V29, V26, V22)
	FOLD(V7, V29, V27, V23)
	SUB    $128, R2
	CMP    $128, R2
	BGE    loop

join:
	KEY(2, V29)
	FOLD(V0, V29, V24, V4)
	FOLD(V1, V29, V25, V5)
	FOLD(V2, V29, V26, V6)
	FOLD(V3, V29, V27, V7)
	KEY(1, V29)
	FOLD(V0, V29, V24, V2)
	FOLD(V1, V29, V25, V3)
	KEY(0, V29)
	FOLD(V0, V29, V24, V1)
	CBZ    R2, reduce
	B      single

short:
	VLD1.P 16(R1), [V0.B16]
	VEOR   V28.B16, V0.B16, V0.B16
	SUBS   $16, R2
	BEQ    reduce
	KEY(0, V29)

single:
	VLD1.P 16(R1), [V16.B16]
	FOLD(V0, V29, V24, V16)
	SUBS   $16, R2
	BNE    single

reduce:
	// The first 8 bytes, which stand for powers of x from 128 on, times x^128:
	// then 128 bits are left, the upper 64 of which are to go.
	KEY(6, V29)
	KEY(7, V30)
	VPMULL V29.D1, V0.D1, V24.Q1
	VEOR   V31.B16, V31.B16, V31.B16 // 0, to shift by VEXT
	VEXT   $8, V31.B16, V0.B16, V0.B16
	VEOR   V24.B16, V0.B16, V0.B16

	// Barrett's reduction, as in the generator of the amd64 kernels: V1 is the
	// quotient, V2 that many polynomials.
	VEXT   $8, V29.B16, V29.B16, V29.B16
	VPMULL V29.D1, V0.D1, V1.Q1
	VPMULL V30.D1, V1.D1, V2.Q1
	VEOR   V2.B16, V0.B16, V0.B16
	VMOV   V0.D[1], R0
	VMOV   V1.D[0], R1
	VMOV   V30.D[1], R2
	AND    R2, R1
	EOR    R1, R0
	MOVD   R0, ret+40(FP)
	RET
