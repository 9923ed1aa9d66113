package memmap

import (
	"fmt"
	"io/fs"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A mapping is a piece of a file in memory, shared by all Regions that lie in it.
// It needs no open file.
type mapping struct {
	mapKey
	name string // that the file was opened with
	mode Mode
	data []byte // from offset off of the file
	refs int    // Regions, and Guards that hold one; guarded by table.mu
}

// A mapKey tells a piece of a file from every other. A file that was replaced
// has another inode, since an inode in use is not given out again; one that has
// grown or shrunk has another size.
type mapKey struct {
	dev, ino uint64
	size     int64 // of the whole file
	off, len int64 // off is a multiple of the page size
}

// table holds the live mappings of the process.
var table = struct {
	mu     sync.Mutex
	shared map[mapKey][2]*mapping // read-only and read-write
	live   map[*mapping]struct{}  // these, and those that are not shared
}{shared: make(map[mapKey][2]*mapping), live: make(map[*mapping]struct{})}

// keyOf returns the key of the pages around size bytes at offset off.
func keyOf(f *descriptor, off, size int64) mapKey {
	page := off &^ int64(os.Getpagesize()-1)
	return mapKey{uint64(f.stat.Dev), f.stat.Ino, f.stat.Size, page, off + size - page}
}

// acquire returns a mapping that covers key of the open file f: one that is
// there already, if the mode allows sharing.
func acquire(f *descriptor, key mapKey, mode Mode) (*mapping, error) {
	table.mu.Lock()
	defer table.mu.Unlock()
	if m := lookup(key, mode); m != nil {
		m.refs++
		return m, nil
	}
	prot, flags := mode.mmap()
	data, err := unix.Mmap(f.fd, key.off, int(key.len), prot, flags)
	if err != nil {
		return nil, &fs.PathError{Op: "mmap", Path: f.name(), Err: hint(err)}
	}
	m := &mapping{key, f.name(), mode, data, 1}
	table.live[m] = struct{}{}
	if mode != CopyOnWrite {
		pair := table.shared[key]
		pair[mode] = m
		table.shared[key] = pair
	}
	return m, nil
}

func hint(err error) error {
	if err == unix.ENOMEM {
		return fmt.Errorf("%w (the limits are vm.max_map_count mappings, and ulimit -v)", err)
	}
	return err
}

// lookup returns a mapping of the whole file or of just the piece key, and nil if
// there is none. The caller holds table.mu.
func lookup(key mapKey, mode Mode) *mapping {
	whole := key
	whole.off, whole.len = 0, key.size
	for _, k := range []mapKey{whole, key} {
		pair := table.shared[k]
		switch {
		case mode == CopyOnWrite:
		case pair[ReadWrite] != nil:
			return pair[ReadWrite]
		case mode == ReadOnly && pair[ReadOnly] != nil:
			return pair[ReadOnly]
		}
	}
	return nil
}

// release gives back what acquire or hold took. The last one unmaps.
func (m *mapping) release() error {
	table.mu.Lock()
	defer table.mu.Unlock()
	m.refs--
	if m.refs > 0 {
		return nil
	}
	delete(table.live, m)
	m.forget()
	if err := unix.Munmap(m.data); err != nil {
		return &fs.PathError{Op: "munmap", Path: m.name, Err: err}
	}
	return nil
}

func (m *mapping) forget() {
	if m.mode == CopyOnWrite {
		return
	}
	pair := table.shared[m.mapKey]
	pair[m.mode] = nil
	if pair == [2]*mapping{} {
		delete(table.shared, m.mapKey)
	} else {
		table.shared[m.mapKey] = pair
	}
}

// mappingAt returns the mapping that has the address addr, held, and the offset
// of addr in its data. It is nil if there is none.
func mappingAt(addr uintptr) (m *mapping, at int) {
	table.mu.Lock()
	defer table.mu.Unlock()
	for m := range table.live {
		base := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
		if addr >= base && addr-base < uintptr(len(m.data)) {
			m.refs++
			return m, int(addr - base)
		}
	}
	return nil, 0
}
