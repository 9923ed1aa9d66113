package storetest

import (
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore"
)

// tiered opens a tiered store with the budgets and the kind of files of some options,
// in memory only if there is no Path.
func tiered(o soastore.TierOptions) opener {
	return Opens(func(p *partition.Partition, opts soastore.Options) (*soastore.Tiered, error) {
		o := o
		o.Path, o.CopyOnSet, o.Independent, o.Timeout = opts.Path, opts.CopyOnSet, opts.Independent, opts.Timeout
		o.Keep, o.Reopen = opts.Keep, opts.Reopen
		opts.Path, opts.CopyOnSet, opts.Independent, opts.Timeout = "", false, false, 0
		opts.Keep, opts.Reopen = false, false
		o.Files = opts // what is left is about files: the file system of a fault test
		return soastore.NewTiered(p, o)
	})
}
