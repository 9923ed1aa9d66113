// Package genericio reads and writes GenericIO files: columns of numbers, each
// rank's apart and each with a checksum, as HACC and the tools around it keep
// their particles. The C++ library reads every file that is written here; what to
// mind with compressed ones is at [Compression].
//
// # Reading
//
// A [Reader] is one file: what its [Header] says, and the columns of one rank at
// a time, into the caller's arrays ([Reader.ReadRank]) or out of a mapping of the
// file ([Reader.View]). A [Dataset] is what a program wrote under one name,
// whether that is one file or a rank map with partition files; it also gives out
// the rows to another number of ranks than wrote them ([Dataset.ReadShare]).
//
// Checksums are verified by default. A file that is cut short, damaged or
// hostile gives an error, never other values, a panic or a large allocation.
//
// # Writing
//
// A [Layout] is the plan of one file, which the ranks that share it make together
// in one exchange, or in two if it compresses. Each rank then writes its part on its own
// ([Layout.WriteRank]), so that the caller can put the agreement around it that it
// needs. [WriteFile] is all of that in one collective call, and [ReadFile] its
// counterpart. [WriteMap] writes a rank map.
//
// # Caveats
//
//   - The element types are the integers of 8 to 64 bits, float32 and float64. An
//     array has the shape [rows] or [rows n]; all have the same number of rows.
//   - Compressed blocks are Blosc's, with any of its compressors, read and written
//     ([Spec.Compress]). Frames older than zstd 1.0, as the C++ library's own
//     c-blosc writes them, give the ErrOldZstd of package codec, and other filters
//     an [ErrFilter]: the other blocks of such files and [Reader.Verify] work.
//   - What a header claims is compared with the file's size before memory is set
//     aside for it. Only a compressed block may stand for more than its own size: for
//     less than 2 GiB, and at most 32768 times as much, as zstd can make of zeros.
//   - Files are written in the machine's byte order and read in both.
//   - Nothing is synced to disk.
package genericio
