package fsys

// IsRegular is whether an entry is a plain file that the system says so much of.
func (d *Folder) IsRegular(name string, kind byte) (bool, error) { return d.isRegular(name, kind) }
