package memmap

import (
	"os"
	"syscall"
)

// AllowMaximalOpenFiles raises the number of files that the process may have open
// from the soft limit to the hard one, which only an administrator can raise, and
// returns it. Programs that it starts inherit it.
//
// Open arrays need no open files, only opening them does. But they count against
// another limit of the kernel, vm.max_map_count: one for a dense array, three for
// a sparse one.
func AllowMaximalOpenFiles() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, os.NewSyscallError("getrlimit", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, os.NewSyscallError("setrlimit", err)
	}
	return limit.Max, nil
}
