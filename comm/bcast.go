package comm

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// smallBytes is the most data of a rank that is sent along with the first messages
// of a collective call; more is sent when all ranks are known to be in the call.
const smallBytes = 4 << 10

// A bcastHead is what the first messages of Bcast carry:
//
//	0  u64  root
//	8  u64  1 if the data are known, 2 if they are known to be large, else 0
//	16      the data, if known
type bcastHead struct {
	root, known int
	data        []byte
}

const (
	bcastSmall = 1
	bcastLarge = 2
)

func (h *bcastHead) encode() []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(h.root))
	b = binary.NativeEndian.AppendUint64(b, uint64(h.known))
	return append(b, h.data...)
}

// Bcast returns on every rank the data of rank root. The other ranks need not know
// the length; what they give is not read. On the root it returns data itself.
func Bcast(ctx context.Context, c Comm, root int, data []byte) ([]byte, error) {
	o := begin(ctx, c, kindBcast)
	if root < 0 || root >= c.Size() {
		return nil, o.fail(fmt.Errorf("comm: Bcast from rank %d in a group of %d", root, c.Size()))
	}
	h := bcastHead{root: root}
	if c.Rank() == root && len(data) <= smallBytes {
		h.known, h.data = bcastSmall, data
	} else if c.Rank() == root {
		h.known = bcastLarge
	}
	if err := o.bcastHeads(&h); err != nil {
		return nil, err
	}
	switch {
	case h.known == bcastLarge:
		return o.bcastTree(root, data)
	case c.Rank() == root:
		return data, nil
	}
	return h.data, nil
}

// bcastHeads lets h know what the root knows.
func (o op) bcastHeads(h *bcastHead) error {
	rank, n := o.c.Rank(), o.c.Size()
	return o.rounds(
		func(int) []byte { return h.encode() },
		func(d int, got []byte) error {
			if len(got) < 16 {
				return o.fail(fmt.Errorf("comm: Bcast message of %d bytes", len(got)))
			}
			root, known := int(binary.NativeEndian.Uint64(got)), int(binary.NativeEndian.Uint64(got[8:]))
			if root != h.root {
				return o.mismatch(fmt.Sprint("Bcast from rank ", h.root), (rank+d)%n, fmt.Sprint("Bcast from rank ", root))
			}
			if h.known == 0 && known != 0 {
				h.known, h.data = known, got[16:]
			}
			return nil
		})
}

// bcastTree sends large data down a binomial tree: counted from the root, a rank
// gets them from the one without its lowest set bit, and passes them on to those
// that have one lower bit more.
func (o op) bcastTree(root int, data []byte) ([]byte, error) {
	n := o.c.Size()
	place := (o.c.Rank() - root + n) % n
	bit := 1 << bits.Len(uint(n-1))
	if place != 0 {
		bit = place & -place
		var err error
		if data, err = o.recv((place-bit+root)%n, nil); err != nil {
			return nil, err
		}
	}
	for bit /= 2; bit > 0; bit /= 2 {
		if place+bit < n {
			if err := o.send((place+bit+root)%n, data); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}
