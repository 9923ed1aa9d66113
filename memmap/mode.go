package memmap

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Mode says what may be done with a mapping's memory.
type Mode int

const (
	// ReadOnly memory faults when it is written to, unless the same file is open
	// ReadWrite in this process too: then the two share the mapping.
	ReadOnly Mode = iota
	// ReadWrite memory is the file: a change is seen by all who map it, at once,
	// and is in the file even if the process dies (Sync guards against a crash of
	// the machine).
	ReadWrite
	// CopyOnWrite memory can be changed, and the changes stay with this opening.
	// They take memory, page by page. Whether changes that others make to the file
	// are seen is undefined.
	CopyOnWrite
)

// String returns the mode's name.
func (m Mode) String() string {
	switch m {
	case ReadOnly:
		return "read-only"
	case ReadWrite:
		return "read-write"
	case CopyOnWrite:
		return "copy-on-write"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

func (m Mode) check() error {
	if m < ReadOnly || m > CopyOnWrite {
		return fmt.Errorf("memmap: %w: there is no %v", ErrMode, m)
	}
	return nil
}

// open returns the flag of os.OpenFile.
func (m Mode) open() int {
	if m == ReadWrite {
		return os.O_RDWR
	}
	return os.O_RDONLY
}

// mmap returns the protection and flags of mmap(2).
func (m Mode) mmap() (prot, flags int) {
	switch m {
	case ReadWrite:
		return unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED
	case CopyOnWrite:
		// Without NORESERVE the kernel refuses a file larger than its memory.
		return unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_NORESERVE
	}
	return unix.PROT_READ, unix.MAP_SHARED
}

// Advice tells the kernel how memory is going to be used. It changes speed, never
// contents, and holds for all who share the mapping.
type Advice int

const (
	Normal     Advice = iota // the kernel's own judgement
	Sequential               // from front to back: read ahead far
	Random                   // here and there: do not read ahead
	WillNeed                 // soon: begin to read now
	DontNeed                 // not soon: give the memory back
)

var advices = map[Advice]int{
	Normal:     unix.MADV_NORMAL,
	Sequential: unix.MADV_SEQUENTIAL,
	Random:     unix.MADV_RANDOM,
	WillNeed:   unix.MADV_WILLNEED,
	DontNeed:   unix.MADV_DONTNEED,
}

// madvise returns the advice of madvise(2) for memory of mode m.
func (a Advice) madvise(m Mode) (int, error) {
	advice, ok := advices[a]
	if !ok {
		return 0, fmt.Errorf("memmap: %w: there is no advice %d", ErrRange, int(a))
	}
	if a == DontNeed && m == CopyOnWrite {
		return 0, fmt.Errorf("memmap: %w: DontNeed would throw away what was changed copy-on-write", ErrMode)
	}
	return advice, nil
}
