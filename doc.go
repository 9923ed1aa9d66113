// Package soa holds the value that every package of this module moves: named
// arrays, one per field, that together describe many objects (Structure of
// Arrays: the x of all particles, the y of all particles, ...).
//
// There are three types. A [DType] names an element type. An [Array] is a
// typed, shaped view of contiguous memory. A [Dict] is an ordered set of named
// arrays. All are plain local values: nothing here communicates or does I/O.
//
// [Of] and [Shaped] make an Array from a slice, and [Values] makes a slice from
// an Array, without copying: the Array and the slice share memory, so a change
// through one is seen through the other. [Marshal] and [Unmarshal] do the same
// for a whole struct of slices.
//
// A Dict and an Array may be read by several goroutines at once; a write needs
// the caller's own locking, as with a Go map and a slice.
package soa
