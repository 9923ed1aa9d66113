//go:build !linux

package fsys

import "io"

func (f *osFile) ReadvAt(bufs [][]byte, off int64) error {
	for _, p := range bufs {
		n, err := f.ReadAt(p, off)
		if n < len(p) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		off += int64(n)
	}
	return nil
}

func (f *osFile) WritevAt(bufs [][]byte, off int64) error {
	for _, p := range bufs {
		n, err := f.WriteAt(p, off)
		if err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}
