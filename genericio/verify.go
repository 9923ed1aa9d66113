package genericio

import (
	"context"
	"errors"
)

// Verify reads every block and checks its checksum, and if it is compressed that of
// its rows too, whatever SkipCRC says; the header was checked when the Reader was
// made. A block that this package cannot decode (an [ErrFilter], or zstd frames
// older than 1.0) is checked as it is stored. The error joins one *BlockError for each bad block. Only a cancelled context ends
// it early.
func (r *Reader) Verify(ctx context.Context) error {
	var errs []error
	for rank := range r.head.Ranks {
		for v := range r.head.Variables {
			b, check := r.blocks.at(rank, v), r.checkRaw
			if b.blosc() {
				check = r.checkBlosc
			}
			err := check(ctx, b)
			if err == nil {
				continue
			}
			errs = append(errs, r.blockError(rank, v, err))
			if ctx.Err() != nil {
				return errors.Join(errs...)
			}
		}
	}
	return errors.Join(errs...)
}
