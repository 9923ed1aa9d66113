// Package tests holds the tests that cross packages, with the real thing: ranks
// under mpirun, full and unwritable disks, killed processes, files of NumPy and of
// the GenericIO library, several nodes, and the rules of who imports whom.
package tests
