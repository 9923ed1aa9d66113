//go:build cgo && !nompi

package main

import (
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/comm/mpi"
)

// runMPI runs fn on the ranks that mpirun started.
var runMPI func(fn func(comm.Comm) error) = mpi.Run
