package soastore

import (
	"fmt"

	"github.com/soastore/soa"
	"github.com/soastore/soa/memmap"
)

// memmapFormat keeps each rank's rows in a folder of mapped arrays: fields of any
// shape. The folder has a table of contents, see memmap.Contents.
type memmapFormat struct{ rankFiles }

func (f *memmapFormat) compress(c codecChoice) error {
	if c.name != "" {
		return fmt.Errorf("%w: Codec %q: mapped arrays are never compressed", ErrOptions, f.s.opts.Codec)
	}
	return nil
}

func (f *memmapFormat) check(d *soa.Dict) error {
	for name := range d.All() {
		if len(encodeKey(name)) > maxFileName-64 {
			return fmt.Errorf("%w: the name %.20q... is too long for a file's", ErrKey, name)
		}
		if name == "" {
			return fmt.Errorf("%w: a name is empty", ErrKey)
		}
	}
	return nil
}

func (f *memmapFormat) stage(call *call, ch *change, d *soa.Dict, old *entry) (files, error) {
	set, opts := f.setStamp(call), memmap.Options{Sync: ch.sync}
	size, err := ch.writeFolder(f.filesOf(call.key, old).data, int64(d.NBytes()), func(folder string, over bool) (int64, error) {
		if over {
			return memmap.RewriteFolder(call.ctx, f.s.fs, folder, set, d, opts)
		}
		return memmap.WriteFolder(call.ctx, f.s.fs, folder, set, d, opts)
	})
	return f.staged(ch, call.key, size, old), err
}

func (f *memmapFormat) testify(key string, found []fileName) (witness, func(stamp string) error) {
	return f.s.testify(f, key, found)
}

func (f *memmapFormat) stamp(name string) (string, error) {
	folder, err := memmap.OpenFolder(f.s.fs, name)
	if err != nil {
		return "", err
	}
	return folder.Contents().Set, nil
}

func (f *memmapFormat) open(key string, have files) (reader, error) {
	mode := memmap.ReadOnly
	if f.s.opts.Writable {
		mode = memmap.ReadWrite
	}
	r, err := openMemmap(f.s.fs, have.data, mode)
	if err != nil {
		return nil, err
	}
	return r, nil
}
