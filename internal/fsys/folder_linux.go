package fsys

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
)

// openFolder is how a folder is opened to find files in it, which needs no leave to list
// them.
const openFolder = unix.O_PATH | unix.O_DIRECTORY

// listRoom is how many bytes of entries the system is asked for at once.
const listRoom = 8 << 10

// ownEntries is Entries of the machine's file system. os.ReadDir makes three
// allocations for each entry.
func (d *Folder) ownEntries(fn func(name string, regular bool) error) error {
	here := d.name(".", "")
	fd, err := here.Open(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return d.failed("open", err)
	}
	defer unix.Close(fd) // nothing was written
	if d.list == nil {
		d.list = make([]byte, listRoom)
	}
	for {
		n := 0
		if err := untilDone(func() (err error) {
			n, err = unix.Getdents(fd, d.list)
			return err
		}); err != nil {
			return d.failed("readdir", err)
		}
		if n <= 0 {
			return nil
		}
		if err := d.eachEntry(d.list[:n], fn); err != nil {
			return err
		}
	}
}

// Where things are in an entry as the system returns it, a struct linux_dirent64 (see
// getdents64(2)).
const (
	entryLen  = 16 // of the entry
	entryType = 18
	entryName = 19 // ends with a zero byte
)

// eachEntry is Entries of those in list.
func (d *Folder) eachEntry(list []byte, fn func(name string, regular bool) error) error {
	names := string(list) // all at once
	for at := 0; at < len(list); {
		size := int(binary.NativeEndian.Uint16(list[at+entryLen:]))
		name, _, _ := strings.Cut(names[at+entryName:at+size], "\x00")
		kind := list[at+entryType]
		at += size
		if name == "." || name == ".." {
			continue
		}
		regular, err := d.isRegular(name, kind)
		if err == nil {
			err = fn(name, regular)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isRegular asks the system if the entry does not tell, as on some file systems.
func (d *Folder) isRegular(name string, kind byte) (bool, error) {
	if kind != unix.DT_UNKNOWN {
		return kind == unix.DT_REG, nil
	}
	info, err := d.FS.Lstat(d.name(name, "").String())
	return err == nil && info.Mode().IsRegular(), err
}
