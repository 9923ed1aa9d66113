// Package partition divides a periodic unit box among ranks.
//
// A [Partition] cuts the box into equal cells, one per rank, along 1, 2, 3 or more
// axes, as MPI_Dims_create and MPI_Cart_create do, and knows which rank has which
// cell. It is pure arithmetic over a [comm.Comm]: no function of it communicates,
// and every rank knows the whole decomposition.
//
// Ranks count through the cells in C order (the last axis runs fastest), and the
// box wraps around, so that every cell has 3^d-1 neighbours. On an axis of one or
// two ranks several of them are the same rank, or the cell itself.
package partition
