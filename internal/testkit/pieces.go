package testkit

// PiecesFile is a file in memory that is written in pieces of so many bytes, by one
// goroutine.
type PiecesFile struct {
	Size int64 // of a piece
	Data []byte
	Most int64 // bytes of the largest write
	Cut  bool  // a write of more than 256 KiB reached over the end of a piece
}

// PieceSize returns f.Size.
func (f *PiecesFile) PieceSize() int64 { return f.Size }

// WriteAt implements io.WriterAt.
func (f *PiecesFile) WriteAt(p []byte, off int64) (int, error) {
	n := int64(len(p))
	f.Most = max(f.Most, n)
	f.Cut = f.Cut || n > 256<<10 && off/f.Size != (off+n-1)/f.Size
	if grow := off + n - int64(len(f.Data)); grow > 0 {
		f.Data = append(f.Data, make([]byte, grow)...)
	}
	return copy(f.Data[off:], p), nil
}
