package fsys

import "io/fs"

// A Folder opens the files of one folder, one after another, in memory that it uses
// again: a file takes no allocation. FS and Path may be changed while it is not open.
// It is used by one goroutine.
type Folder struct {
	FS   FS
	Path string

	dir  Path    // the folder, once it is open
	file *osFile // the last that was opened; nil for none
	list []byte  // memory for what the system tells of the entries
}

// own reports whether the folder is on the machine's file system, which alone the tricks
// are for.
func (d *Folder) own() bool {
	_, own := d.FS.(osFS)
	return own
}

// Open makes the other calls quicker, and ones about the same folder whatever its name
// becomes. It is for several calls, and the caller closes it.
func (d *Folder) Open() (err error) {
	if !d.own() {
		return nil
	}
	if d.dir, err = (Path{Folder: d.Path}).OpenFolder(); err != nil {
		return d.failed("open", err)
	}
	return nil
}

// Close ends what Open began, if it did.
func (d *Folder) Close() {
	d.dir.CloseFolder()
	d.dir = Path{}
}

func (d *Folder) failed(op string, err error) error {
	return &fs.PathError{Op: op, Path: d.Path, Err: err}
}

func (d *Folder) name(stem, suffix string) Path {
	p := d.dir
	p.Folder, p.Stem, p.Suffix = d.Path, stem, suffix
	return p
}

// OpenFile is FS.OpenFile of the file of that name. Once it is closed the File must not
// be used again: it is the next one then.
func (d *Folder) OpenFile(stem, suffix string, flag int) (File, error) {
	path := d.name(stem, suffix)
	if !d.own() {
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
	if d.own() {
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
