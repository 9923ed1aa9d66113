// Package soastore keeps Structure-of-Arrays values of a parallel program under
// keys, in memory or in files that other programs read too.
//
// A [*Spill] keeps values in one place. [NewGenericIO] writes GenericIO files, as
// cosmology codes exchange them: columns of equal length. [NewNPZ] writes one NumPy
// .npz file for each rank: arrays of any shape. [NewMemmap] writes a folder of raw
// arrays for each rank, which views map without reading them. With an empty
// Options.Path these keep values in memory, with the same checks. [NewArena] keeps
// all values of a rank in one file that no other program reads.
//
// A [*Tiered], of [NewTiered], keeps values in memory, then in compressed memory, then
// in files, within a budget for each. A [*Cache], of [NewCache], puts a store of
// bounded size before a slow one.
//
// Options.Codec compresses files, and Options.MemoryCodec what is in memory.
//
// # Keys and ranks
//
// Every rank of a store has the same keys, and its own rows under each. Calls that
// change which keys there are ([Store] says which) are collective: every rank
// makes them, in the same order. They end in an agreement, so that after an error
// on any rank every rank has the same error and the old state: the value that was
// there before is readable, and no new file is left. Calls that only read are
// local and exchange no messages.
//
// # Files
//
// For Options.Path "/scratch/run7/tmp", the key "step_41" is in
// /scratch/run7/tmp_step_41.tmp.gio, with /scratch/run7/tmp_step_41.tmp.gio#0, #1
// and so on beside it when there are several ranks, or in
// /scratch/run7/tmp_step_41.tmp.rank-0.npz, ...rank-1.npz and so on, or in folders
// /scratch/run7/tmp_step_41.tmp.rank-0.memmap and so on. All keys of rank 0's arena are
// in /scratch/run7/tmp.tmp.rank-0.arena. Bytes of a key outside A-Z a-z 0-9 . _ - are
// written as %XX. With Options.Independent rank N of a GenericIO store has ...tmp.gio#N
// alone, without a map. The folder must exist. Ranks on different nodes may see
// different folders under one name.
//
// New content is written under a name that ends in .partial, or .spare if the file or
// folder had an older value, and renamed when all ranks agree. Those of removed and
// replaced values stay for a while, with names that end in .spare, to be written over: see
// Options.RecycleBytes. Close removes the files that the store wrote, unless
// Options.Keep. A process that is killed leaves its files behind. Options.Reopen takes
// them in again, and mends values that the ranks were just replacing; soactl lists,
// checks and removes them.
//
// # Caveats
//
// Two pairs of Path and key can spell the same file name: "run" with key "a_1",
// and "run_a" with key "1". A Set that would replace a file that is not the
// store's own fails with [ErrInUse].
//
// A store in memory keeps views of the caller's arrays, and Get returns such
// views: see Options.CopyOnSet. A store in files always copies.
package soastore
