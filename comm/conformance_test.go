package comm_test

import (
	"fmt"
	"testing"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/comm/commtest"
)

func TestSelf(t *testing.T) {
	commtest.Run(t, func(fn func(c comm.Comm) error) error { return fn(comm.Self()) })
}

func TestRun(t *testing.T) {
	for n := 1; n <= 9; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			commtest.Run(t, func(fn func(c comm.Comm) error) error { return comm.Run(n, fn) })
		})
	}
}
