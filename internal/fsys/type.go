package fsys

// Kind is what to expect of a file system.
type Kind uint8

const (
	Unknown Kind = iota
	Memory       // its files are pages of memory: tmpfs
	Local        // a disk of this machine, which overwrites blocks in place: ext4, xfs
	Network      // other machines see its files too: nfs, lustre
)

// Type is what a file system is.
type Type struct {
	Name string // as mount names it, for example "ext4"; a number if it is not known
	Kind Kind
	Free int64 // bytes that this user can still write
}
