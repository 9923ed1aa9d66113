package soastore

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

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
	folder, err := ch.createFolder(f.own(call.key))
	if err != nil {
		return files{}, err
	}
	table := memmap.Contents{Set: f.setStamp(call)}
	for name, a := range d.All() {
		if err := call.ctx.Err(); err != nil {
			return files{}, err
		}
		table.Fields = append(table.Fields, memmap.ContentsField{Name: name, Scalar: a.NDim() == 0})
		if a.NDim() == 0 {
			a, _ = a.Reshape(1)
		}
		if err := memmap.Write(memmap.FieldPath(folder, name), a, memmap.Options{Sync: ch.sync}); err != nil {
			return files{}, fmt.Errorf("field %q: %w", name, err)
		}
	}
	if err := f.writeContents(ch, folder, table); err != nil {
		return files{}, err
	}
	size, err := f.sizeOf(folder)
	return f.staged(ch, call.key, size, old), err
}

func (f *memmapFormat) writeContents(ch *change, folder string, table memmap.Contents) error {
	text, err := table.Text()
	if err != nil {
		return err
	}
	w, err := f.s.fs.OpenFile(filepath.Join(folder, memmap.ContentsName), os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = w.WriteAt(text, 0)
	return ch.close(&target{File: w}, err)
}

// sizeOf returns the bytes of a folder's files.
func (f *memmapFormat) sizeOf(folder string) (size int64, err error) {
	entries, err := f.s.fs.ReadDir(folder)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, err
}

func (f *memmapFormat) testify(key string, found []fileName) (witness, func(stamp string) error) {
	return f.s.testify(f, key, found)
}

func (f *memmapFormat) stamp(name string) (string, error) {
	table, err := f.readContents(name)
	return table.Set, err
}

// readContents reads the table of contents of a folder.
func (f *memmapFormat) readContents(folder string) (table memmap.Contents, err error) {
	name := filepath.Join(folder, memmap.ContentsName)
	file, err := f.s.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return table, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, 0, memmap.MaxContents+1))
	if err == nil {
		table, err = memmap.ParseContents(text)
	}
	if err != nil {
		return table, fmt.Errorf("%s: %w", name, err)
	}
	return table, nil
}

func (f *memmapFormat) open(key string, have files) (reader, error) {
	table, err := f.readContents(have.data)
	if err != nil {
		return nil, err
	}
	r := &memmapReader{folder: have.data, scalar: map[string]bool{}}
	if f.s.opts.Writable {
		r.mode = memmap.ReadWrite
	}
	for _, field := range table.Fields {
		r.names = append(r.names, field.Name)
		r.scalar[field.Name] = field.Scalar
	}
	return r, nil
}
