//go:build !cgo || nompi

package ranks

import (
	"errors"

	"github.com/soastore/soa/comm"
)

func runMPI(func(comm.Comm) error) error {
	return errors.New("this program was built without MPI: give a number of ranks to run in one process, for example --ranks 4")
}
