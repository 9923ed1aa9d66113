package genericio

import (
	"context"
	"errors"
)

// Verify reads every block and checks its checksum, whatever its filters and
// whatever SkipCRC says; the header was checked when the Reader was made. The
// error joins one *BlockError for each bad block. Only a cancelled context ends
// it early.
func (r *Reader) Verify(ctx context.Context) error {
	var errs []error
	for rank := range r.head.Ranks {
		for v := range r.head.Variables {
			err := r.checkRaw(ctx, r.Block(rank, v))
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
