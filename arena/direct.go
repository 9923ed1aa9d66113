package arena

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/soastore/soa/internal/crc64"
	"github.com/soastore/soa/internal/fsys"
)

// direct moves the columns of large values past the system's cache, through buffers
// that begin at a page, as the system asks for. What it refuses goes the usual way.
type direct struct {
	a       *Arena
	file    fsys.File
	refused atomic.Bool
}

// openDirect opens the file a second time. It is nil where the system refuses. The
// name must still be this file's: what is written there otherwise is another's.
func openDirect(a *Arena) (*direct, error) {
	flag := os.O_RDWR
	if a.opts.ReadOnly {
		flag = os.O_RDONLY
	}
	file, err := a.files.OpenFile(a.name, flag|directFlag)
	if errors.Is(err, syscall.EINVAL) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	buf := bounces.Get().(*bounce)
	defer bounces.Put(buf)
	if _, err = file.ReadAt(buf.p[:page], 0); err == nil {
		var s superblock
		if s, err = parseSuperblock(buf.p[:page]); err == nil && s != a.super {
			err = fmt.Errorf("%w: the file was replaced", ErrInUse)
		}
	}
	if err == nil {
		return &direct{a: a, file: file}, nil
	}
	if closeErr := file.Close(); !errors.Is(err, syscall.EINVAL) {
		return nil, errors.Join(err, closeErr)
	}
	return nil, nil
}

// takes reports whether columns of a value of that size go this way.
func (d *direct) takes(size int64) bool {
	return d != nil && size >= directLen && !d.refused.Load()
}

// bounce is a buffer that begins at a page.
type bounce struct{ p []byte }

var bounces = sync.Pool{New: func() any {
	p := make([]byte, directLen+page)
	skip := -uintptr(unsafe.Pointer(&p[0])) & (page - 1)
	return &bounce{p[skip : skip+directLen]}
}}

// pages returns the whole pages that a job lies in: not more than directLen bytes.
func pages(job []part) (off, end int64) {
	last := &job[len(job)-1]
	return job[0].off / page * page, roundUp(last.off+int64(len(last.p)), page)
}

// writeJob writes parts that are all there is in their pages, zeros beside.
func (d *direct) writeJob(ctx context.Context, job []part) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	buf := bounces.Get().(*bounce)
	defer bounces.Put(buf)
	off, end := pages(job)
	p := buf.p[:end-off]
	at := int64(0)
	for i := range job {
		q := &job[i]
		clear(p[at : q.off-off])
		at = q.off - off + int64(len(q.p))
		q.sum = crc64.UpdateCopy(0, p[q.off-off:], q.p)
	}
	clear(p[at:])
	_, err := d.file.WriteAt(p, off)
	if d.refuses(err) {
		for i := range job {
			job[i].sum = 0
		}
		return d.a.writeJob(ctx, job)
	}
	return noSpace(err)
}

// readJob reads parts, and what lies between them.
func (d *direct) readJob(ctx context.Context, job []part, check bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	buf := bounces.Get().(*bounce)
	defer bounces.Put(buf)
	off, end := pages(job)
	p := buf.p[:end-off]
	if _, err := d.file.ReadAt(p, off); d.refuses(err) {
		return d.a.readJob(ctx, job, check)
	} else if err != nil {
		return err
	}
	for i := range job {
		q := &job[i]
		from := p[q.off-off:][:len(q.p)]
		if check {
			q.sum = crc64.UpdateCopy(0, q.p, from)
		} else {
			copy(q.p, from)
		}
	}
	return nil
}

// refuses reports whether err says that the system does not do this, and remembers it.
func (d *direct) refuses(err error) bool {
	if errors.Is(err, syscall.EINVAL) {
		d.refused.Store(true)
		return true
	}
	return false
}
