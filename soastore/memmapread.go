package soastore

import (
	"context"
	"sync"

	"github.com/soastore/soa"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/memmap"
)

// memmapReader reads the arrays of one folder.
type memmapReader struct {
	folder memmap.Folder
	mode   memmap.Mode // of views
}

// memmapReaders are closed, with the memory for the next folder.
var memmapReaders = sync.Pool{New: func() any { return new(memmapReader) }}

func openMemmap(files fsys.FS, folder string, mode memmap.Mode) (*memmapReader, error) {
	r := memmapReaders.Get().(*memmapReader)
	r.mode = mode
	if err := r.folder.Reset(files, folder); err != nil {
		memmapReaders.Put(r)
		return nil, err
	}
	return r, nil
}

func (r *memmapReader) lazy() bool { return true }

func (r *memmapReader) fields() []string {
	fields := r.folder.Contents().Fields
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

func (r *memmapReader) get(ctx context.Context, names []string) (*soa.Dict, error) {
	return getFresh(ctx, r, names)
}

func (r *memmapReader) read(ctx context.Context, d *soa.Dict, names []string) error {
	return r.folder.Read(ctx, d, names...)
}

func (r *memmapReader) view(_ context.Context, names []string, _ bool, fn func(*soa.Dict) error) error {
	return r.folder.View(r.mode, names, fn)
}

func (r *memmapReader) close() error {
	memmapReaders.Put(r)
	return nil
}
