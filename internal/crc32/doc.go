// Package crc32 computes CRC-32, the checksum of zip archives. It equals hash/crc32
// with the polynomial crc32.IEEE, and is faster on amd64 from some hundred bytes on: see
// package fold.
package crc32
