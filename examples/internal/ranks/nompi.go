//go:build !cgo || nompi

package ranks

import (
	"fmt"
	"os"

	"github.com/soastore/soa/comm"
)

func runMPI(func(comm.Comm) error) {
	fmt.Fprintln(os.Stderr, "this program was built without MPI: give a number of ranks to run in one process, for example --ranks 4")
	os.Exit(1)
}
