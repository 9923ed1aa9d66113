//go:build cgo && !nompi

package ranks

import (
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/comm/mpi"
)

func runMPI(fn func(comm.Comm) error) { mpi.Run(fn) }
