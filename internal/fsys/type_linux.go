package fsys

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/bits"

	"golang.org/x/sys/unix"
)

// types are the file systems by the number that statfs gives, from the kernel's
// linux/magic.h and, for those that are not part of it, their own sources. ext2,
// ext3 and ext4 share one.
var types = map[uint32]Type{
	unix.TMPFS_MAGIC:      {Name: "tmpfs", Kind: Memory},
	unix.EXT4_SUPER_MAGIC: {Name: "ext4", Kind: Local},
	unix.XFS_SUPER_MAGIC:  {Name: "xfs", Kind: Local},

	unix.NFS_SUPER_MAGIC:  {Name: "nfs", Kind: Network},
	unix.SMB_SUPER_MAGIC:  {Name: "smb", Kind: Network},
	unix.SMB2_SUPER_MAGIC: {Name: "smb2", Kind: Network},
	unix.CIFS_SUPER_MAGIC: {Name: "cifs", Kind: Network},
	unix.AFS_SUPER_MAGIC:  {Name: "afs", Kind: Network},
	unix.CEPH_SUPER_MAGIC: {Name: "ceph", Kind: Network},
	unix.V9FS_MAGIC:       {Name: "9p", Kind: Network},
	unix.FUSE_SUPER_MAGIC: {Name: "fuse", Kind: Network}, // or anything else
	0x0bd00bd0:            {Name: "lustre", Kind: Network},
	0x47504653:            {Name: "gpfs", Kind: Network},
	0x19830326:            {Name: "beegfs", Kind: Network},

	unix.BTRFS_SUPER_MAGIC:     {Name: "btrfs"},
	unix.F2FS_SUPER_MAGIC:      {Name: "f2fs"},
	unix.OVERLAYFS_SUPER_MAGIC: {Name: "overlay"},
	unix.RAMFS_MAGIC:           {Name: "ramfs"},
	0x2fc12fc1:                 {Name: "zfs"},
}

func (osFS) TypeOf(name string) (Type, error) {
	var s unix.Statfs_t
	err := unix.Statfs(name, &s)
	for errors.Is(err, unix.EINTR) {
		err = unix.Statfs(name, &s)
	}
	if err != nil {
		return Type{}, &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	t, ok := types[uint32(s.Type)]
	if !ok {
		t.Name = fmt.Sprintf("%#x", uint32(s.Type))
	}
	if hi, free := bits.Mul64(s.Bavail, uint64(s.Bsize)); hi == 0 && free <= math.MaxInt64 {
		t.Free = int64(free)
	} else { // a file system without a limit
		t.Free = math.MaxInt64
	}
	return t, nil
}
