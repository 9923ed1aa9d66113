// Package genericio reads and writes GenericIO files, the format that HACC and
// the tools around it keep particles in: columns of many ranks in one file, each
// with a checksum.
package genericio
