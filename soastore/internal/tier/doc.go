// Package tier keeps the values of one rank in memory, then in compressed memory,
// then below, in files, within exact budgets. It knows neither keys nor ranks: the
// store above it chooses an ID for each value, and what is below is a [Below].
//
// # Values and columns
//
// [Tiers.Put] takes a value, a soa.Dict. The unit in memory is the column, one field
// of one value: it is raw (the array itself), or packed (encoded), or not in memory.
// The unit below is the whole value, which is put there once and never changed. A
// value is dirty until it is below. A column of a dirty value is never dropped, unless
// its last planned read has been made ([PlanOptions]); one of a clean value is dropped
// at no cost, and read again when it is asked for.
//
// A value never changes: neither who called Put nor who called Get or View may
// change the arrays. Whoever needs arrays of their own calls [Tiers.Read].
//
// A call that needs elements, be it a read, a write below or one that brings columns up,
// works on a slice of parts, one for each column: where the elements were when it began,
// with mu, and then, without it, the arrays that it loads from there. What is raw or
// packed is not released while the call is under way.
//
// # Budgets
//
// Options.Memory bounds the bytes of raw columns, Options.Compressed those of packed
// ones, at every moment: room is reserved before a column is placed, and before it
// is read or unpacked to be placed. Memory that a call works with meanwhile is not
// counted: of the column that it packs, of those that it unpacks to write a value
// below, and of what it hands to its caller without keeping it.
//
// Room is made by moving columns out, in the order of [Tiers.Plan] (the one that is
// needed last goes first), else of Options.Weight, else of their last use. A victim
// is packed if that pays and there is room for it among the packed ones, or can be
// made there from columns that are worth less. Else it is dropped, after its value
// has been put below if it was dirty: but what a plan needs is not put there to make room
// for a read that comes later. Packing, writing and reading are done outside
// of all locks but the one that serialises making room; a read needs that only to
// keep what it has read, and goes without if somebody else has it.
//
// # Failures
//
// When Below fails to take a value, the value stays where it was and the next victim
// is tried. A Put for which there is no room anywhere is a [*NoSpaceError] that says
// what each tier had against it, and leaves nothing behind.
//
// # Lock order
//
// The turn to make room, then mu. Nobody waits for the turn while holding a
// reservation, so who has the turn may wait for reservations to be used or given up.
// Below, codecs and the functions of the options are never called under mu.
package tier
