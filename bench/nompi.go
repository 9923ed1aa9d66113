//go:build !cgo || nompi

package main

import "github.com/soastore/soa/comm"

// runMPI is nil: this program was built without MPI.
var runMPI func(fn func(comm.Comm) error)
