package genericio

import (
	"encoding/binary"

	"github.com/soastore/soa"
)

// The file, after the C++ library's own structures (GenericIO.cxx, ANL-15-066).
// Integers are unsigned and 64 bits wide, reals are IEEE float64, structures are
// packed. Each structure's size is stored in the file: a reader steps by the
// stored size, and a field past it is absent (files of older writers).
//
//	offset  global header (168 bytes; 104 and 152 in older files)
//	0       magic: "HACC01L\0" little-endian, "HACC01B\0" big-endian
//	8       HeaderSize: bytes of the header without its checksum
//	16      NElems: rows of all ranks
//	24      Dims[3]: the cartesian decomposition
//	48      NVars     56 VarsSize      64 VarsStart
//	72      NRanks    80 RanksSize     88 RanksStart
//	96      GlobalHeaderSize
//	104     PhysOrigin[3] (real)      128 PhysScale[3] (real)
//	152     BlocksSize, 0 for none    160 BlocksStart
//
//	        variable header (280 bytes; 272 in older files), NVars of them
//	0       name: char[256], NUL-padded
//	256     flags     264 Size: bytes a row     272 ElementSize: bytes an element
//
//	        rank header (48 bytes; 40 in older files), NRanks of them
//	0       Coords[3]    24 NElems: rows    32 Start    40 GlobalRank
//
//	        block header (48 bytes), NRanks*NVars of them, rank by rank
//	0       filters: char[4][8]    32 Start    40 Size: bytes stored
//
//	HeaderSize      checksum of all of the above
//	HeaderSize+8    the blocks
//
// A block is a variable's rows of one rank and the checksum of the stored bytes.
// With block headers it stands at its Start; without them the blocks of a rank
// follow one another from the rank's Start in the order of the variables.
//
// A checksum is the complement of the CRC-64/XZ, always little-endian.
const (
	magicLittle = "HACC01L\x00"
	magicBig    = "HACC01B\x00"

	globalSize    = 168
	globalSizeMin = 104
	varSize       = 280
	varSizeMin    = 272
	rankSize      = 48
	rankSizeMin   = 40
	blockSize     = 48

	nameSize   = 256
	filterSize = 8
	numFilters = 4
	crcSize    = 8

	// limit of the numbers that are a C int in the writer: ranks and coordinates
	maxInt32 = 1<<31 - 1
)

// Header is what a file says of itself. Its slices belong to the [Reader] and
// must not be changed.
type Header struct {
	ByteOrder binary.ByteOrder // of the header and of the data
	Rows      int64            // of all ranks
	// Dims is the number of ranks along each axis of the program that wrote the
	// file: (N, 1, 1) if that had no cartesian decomposition. In a partition file
	// it is that of the whole program, of which the file has only some ranks.
	Dims       [3]int
	PhysOrigin [3]float64 // the lowest corner of the box, in the unit of the coordinates
	PhysScale  [3]float64 // the extent of the box
	Variables  []Variable
	Ranks      []Rank
	HasBlocks  bool // there are block headers, so that blocks may be filtered or aligned
}

// Variable is one column of a file.
type Variable struct {
	Name string
	// DType is the type of the elements, soa.Invalid if this module has no such
	// type: then the variable cannot be read, but others can.
	DType    soa.DType
	Elements int // in a row: an array of n rows has the shape [n] for 1, else [n Elements]
	RowBytes int // stored bytes of a row, before any filter
	Flags    Flags
}

// shape returns the shape of an array of so many rows.
func (v Variable) shape(rows int) []int {
	if v.Elements == 1 {
		return []int{rows}
	}
	return []int{rows, v.Elements}
}

// Rank is one writing rank's share of a file.
type Rank struct {
	GlobalRank int    // the number of the rank in the program that wrote the file
	Coords     [3]int // its place in the decomposition
	Rows       int64
	start      int64 // of its first block
}

// Block says where the rows of one rank and one variable are stored.
type Block struct {
	Offset  int64    // of the first byte, from the start of the file
	Size    int64    // stored bytes, without the 8 bytes of checksum that follow
	Plain   int64    // bytes of the rows, before any filter
	Filters []string // what was applied, in order; none: the elements as they are
}

// Flags says what the values of a variable are.
type Flags uint64

// The flags. Float and Signed belong to the element type and are set by it; the
// others are the writer's to give.
const (
	Float  Flags = 1 << iota
	Signed       // the C++ library sets it on floats too
	CoordX       // a physical coordinate between PhysOrigin and PhysOrigin + PhysScale
	CoordY
	CoordZ
	Ghost // may belong to a ghost, a copy of another rank's row

	typeFlags  = Float | Signed
	givenFlags = CoordX | CoordY | CoordZ | Ghost
)
