// Package testkit holds what the tests of several packages share: leak checks
// ([NoLeaks]), runs under Python and mpirun ([Python], [Mpirun]), made-up data
// ([DictGen], [RandomDict]) and a disk small enough to fill ([Tmpfs]).
//
// Only tests import it.
package testkit
