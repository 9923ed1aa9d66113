package fold

//go:generate sh -c "cd gen && go run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg fold"

// CRC is a reflected CRC of 64 bits, or of 32.
//
// One of 32 bits, of a polynomial P, is that of 64 bits of P·x^32: a message M leaves
// M·x^64 mod P·x^32 = (M·x^32 mod P)·x^32, which is the CRC of 32 bits, in the lower
// half of 64.
//
// The methods take and return remainders, which are CRCs inverted: from crc, that of
// what came before p, the CRC after p is ^Update(^crc, p).
type CRC struct {
	keys [8][2]uint64 // what the kernels multiply with
}

// New returns the CRC of a polynomial of package hash/crc64 or hash/crc32. Both leave
// out the highest power and have x^0 in their highest bit, so P·x^32 is the same number
// as P.
func New(poly uint64) *CRC { return &CRC{keys: deriveKeys(poly)} }
