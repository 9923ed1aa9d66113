package check

import (
	"context"
	"strings"

	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/npz"
)

// stampPrefix begins the archive comment of a store's files, which is their stamp.
const stampPrefix = "soa set "

func (c *Checker) npzFile(ctx context.Context, r *Report, name string) (rankHead, error) {
	f, err := dataset.OpenFile(name, c.Count)
	if err != nil {
		return rankHead{}, err
	}
	defer f.Close()
	size, _ := f.Size()
	z, err := npz.NewReader(f, size)
	if err != nil {
		return rankHead{}, err
	}
	fields, err := z.Fields()
	if c.Deep {
		err = z.Verify(ctx) // which reads the headers too
	}
	r.failed(name, err)
	var h rankHead
	if strings.HasPrefix(z.Comment(), stampPrefix) {
		h.stamp = z.Comment()
	}
	for _, d := range fields {
		dtype := d.DType.String()
		if !d.DType.Valid() {
			dtype = d.Descr
		}
		h.add(d.Name, dtype, d.Shape)
	}
	return h, nil
}
