package soastore

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/memmap"
)

// memmapFormat keeps each rank's rows in a folder of mapped arrays: fields of any
// shape. Beside the arrays, each two files of package memmap named after its field
// (encoded as keys are), the folder has a table of contents.
type memmapFormat struct{ rankFiles }

func (f *memmapFormat) compress(c codecChoice) error {
	if c.name != "" {
		return fmt.Errorf("%w: Codec %q: mapped arrays are never compressed", ErrOptions, f.s.opts.Codec)
	}
	return nil
}

// contents is the file contents.json of a folder.
type contents struct {
	Set    string          `json:"set"` // which Set wrote the folder
	Fields []contentsField `json:"fields"`
}

type contentsField struct {
	Name   string `json:"name"`
	Scalar bool   `json:"scalar,omitempty"` // of no dimensions; the array has one of extent 1
}

const (
	contentsName = "contents.json"
	maxContents  = 16 << 20 // bytes; more is no table of contents
)

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
	table := contents{Set: f.setStamp(call)}
	for name, a := range d.All() {
		if err := call.ctx.Err(); err != nil {
			return files{}, err
		}
		table.Fields = append(table.Fields, contentsField{name, a.NDim() == 0})
		if a.NDim() == 0 {
			a, _ = a.Reshape(1)
		}
		if err := memmap.Write(fieldPath(folder, name), a, memmap.Options{Sync: ch.sync}); err != nil {
			return files{}, fmt.Errorf("field %q: %w", name, err)
		}
	}
	if err := f.writeContents(ch, folder, table); err != nil {
		return files{}, err
	}
	size, err := f.sizeOf(folder)
	return f.staged(ch, call.key, size, old), err
}

func fieldPath(folder, name string) string { return filepath.Join(folder, encodeKey(name)) }

func (f *memmapFormat) writeContents(ch *change, folder string, table contents) error {
	text, err := json.Marshal(table)
	if err != nil {
		return err
	}
	w, err := f.s.fs.OpenFile(filepath.Join(folder, contentsName), os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = w.WriteAt(text, 0)
	return ch.close(w, err)
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

func (f *memmapFormat) stamp(name string) (string, error) {
	table, err := f.readContents(name)
	return table.Set, err
}

// readContents reads the table of contents of a folder, or makes one for a folder
// that another program filled is an error: its fields have no order.
func (f *memmapFormat) readContents(folder string) (table contents, err error) {
	name := filepath.Join(folder, contentsName)
	file, err := f.s.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return table, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return table, err
	}
	if size > maxContents {
		return table, fmt.Errorf("%s: %w: %d bytes", name, ErrTorn, size)
	}
	text := make([]byte, size)
	if _, err := file.ReadAt(text, 0); err != nil {
		return table, fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(text, &table); err != nil {
		return table, fmt.Errorf("%s: %w: %w", name, ErrTorn, err)
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
