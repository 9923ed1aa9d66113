package memlimit

import "fmt"

// maxKilobytes is more than any machine has, and so little that the sum of two does
// not overflow.
const maxKilobytes = unlimited >> 11

const meminfo = "/proc/meminfo"

// machineBounds returns what is free on the machine, if it tells.
func machineBounds(read files) ([]bound, error) {
	text, ok := read(meminfo)
	if !ok {
		return nil, nil
	}
	n, ok, err := kilobytes(text, "MemAvailable:")
	if err != nil {
		return nil, err
	}
	if ok {
		return []bound{{name: "MemAvailable of " + meminfo, limit: n}}, nil
	}
	n, err = availableBefore314(text)
	if err != nil {
		return nil, err
	}
	return []bound{{name: "MemFree and Cached of " + meminfo, limit: n}}, nil
}

// availableBefore314 is for kernels before 3.14, which do not tell MemAvailable. They
// count the files of tmpfs as cached, though no disk has them.
func availableBefore314(text string) (int64, error) {
	free, ok, err := kilobytes(text, "MemFree:")
	if err != nil || !ok {
		return 0, fmt.Errorf("%s: %w: neither MemAvailable nor MemFree is there", meminfo, ErrFormat)
	}
	cached, _, err := kilobytes(text, "Cached:")
	if err != nil {
		return 0, err
	}
	shared, _, err := kilobytes(text, "Shmem:")
	return free + max(0, cached-shared), err
}

// kilobytes returns the bytes of a line of /proc/meminfo such as "MemFree:  4 kB".
func kilobytes(text, key string) (n int64, ok bool, err error) {
	n, ok, err = field(meminfo, text, key)
	return min(n, maxKilobytes) << 10, ok, err
}
