package fsys

// A Folder opens the files of one folder, one after another, in memory that it uses
// again: a file takes no allocation. FS and Path may be changed between the calls. It is
// used by one goroutine.
type Folder struct {
	FS   FS
	Path string

	file *osFile // the last that was opened; nil for none
	list []byte  // memory for what the system tells of the entries
}

// OpenFile is FS.OpenFile of the file of that name. Once it is closed the File must not
// be used again: it is the next one then.
func (d *Folder) OpenFile(stem, suffix string, flag int) (File, error) {
	path := Path{d.Path, stem, suffix}
	if _, own := d.FS.(osFS); !own {
		return d.FS.OpenFile(path.String(), flag)
	}
	if d.file == nil || d.file.fd != closed {
		d.file = &osFile{fd: closed}
	}
	d.file.path = path
	if err := d.file.open(flag); err != nil {
		return nil, err
	}
	return d.file, nil
}

// Entries calls fn with the name of each entry, in no order, and whether it is a plain
// file, until fn has an error, which it returns.
func (d *Folder) Entries(fn func(name string, regular bool) error) error {
	if _, own := d.FS.(osFS); own {
		return d.ownEntries(fn)
	}
	return d.readDir(fn)
}

// readDir is Entries of any file system.
func (d *Folder) readDir(fn func(name string, regular bool) error) error {
	entries, err := d.FS.ReadDir(d.Path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := fn(e.Name(), e.Type().IsRegular()); err != nil {
			return err
		}
	}
	return nil
}
