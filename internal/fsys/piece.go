package fsys

import "io"

const (
	// CachePiece is how much the nearest caches hold between two uses of it.
	CachePiece = 256 << 10
	// PagePiece is the largest page that the page cache has for a file on a disk, if its
	// file system has pages of several sizes there (ext4, xfs). A new file gets pages as
	// large as what is written at once, up to that; few large ones are often found sooner
	// than many small ones, in memory that was in use before.
	PagePiece = 2 << 20
)

// PieceSize returns in pieces of how many bytes large content is best summed and written
// to w, at multiples of it: PagePiece, if no method PieceSize of w says otherwise.
// No other than a positive size counts.
func PieceSize(w io.WriterAt) int64 {
	if sized, ok := w.(interface{ PieceSize() int64 }); ok {
		if size := sized.PieceSize(); size > 0 {
			return size
		}
	}
	return PagePiece
}
