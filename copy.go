package soa

import "github.com/soastore/soa/internal/together"

// copying is memory, and what is to be copied to it, of as many bytes.
type copying struct{ to, from []byte }

const (
	// copyAlone is up to how many bytes one processor copies by itself.
	copyAlone = 1 << 20
	// copyPiece is how many bytes of an array a processor copies in one turn. From 1 MiB
	// on, copy writes past the caches, which is half as fast again for what they cannot
	// hold.
	copyPiece = 4 << 20
)

// copyAll copies all, with all processors if it is much.
func copyAll(all []copying) {
	bytes := 0
	for _, c := range all {
		bytes += len(c.from)
	}
	if bytes <= copyAlone {
		for _, c := range all {
			copy(c.to, c.from)
		}
		return
	}
	pieces := cutAll(all, bytes)
	sizes := make([]int64, len(pieces))
	for i, c := range pieces {
		sizes[i] = int64(len(c.from))
	}
	_ = together.Do(sizes, func(i int) error {
		copy(pieces[i].to, pieces[i].from)
		return nil
	})
}

// cutAll cuts all, which are so many bytes, into pieces.
func cutAll(all []copying, bytes int) []copying {
	pieces := make([]copying, 0, len(all)+bytes/copyPiece)
	for _, c := range all {
		for len(c.from) > copyPiece {
			pieces = append(pieces, copying{c.to[:copyPiece], c.from[:copyPiece]})
			c = copying{c.to[copyPiece:], c.from[copyPiece:]}
		}
		pieces = append(pieces, c)
	}
	return pieces
}
