// Package memlimit finds out how much memory this process may still use, on a machine
// that it shares with the other ranks of its program and that a batch system or a
// container has cut into pieces.
//
// The kernel kills a job that exceeds its limit without a word, so every limit that
// can be seen counts, and what is in use already is taken off:
//
//	cgroup v2   memory.max and memory.high of the process's group and all groups
//	            above it, as far as they can be seen
//	cgroup v1   memory.limit_in_bytes of the same, and hierarchical_memory_limit
//	            for those that cannot be seen
//	machine     MemAvailable
//	process     RLIMIT_AS (ulimit -v) and GOMEMLIMIT, the limit of package
//	            runtime/debug
//
// Files on a tmpfs are memory: those that are there count as in use, and those that
// the caller goes on to write come out of what [Find] gives it. The cache of other
// files is free, since the kernel takes it back first.
//
// The answer is that of the moment: ranks that ask at different times may get
// different ones, so who needs one number agrees on the least. Where a process may
// use the memory of some NUMA nodes only, that is not seen.
package memlimit
