package soastore

import "github.com/soastore/soa/internal/fsys"

// WithFS returns opts for a store whose files are in fs.
func WithFS(opts Options, fs fsys.FS) Options {
	opts.fs = fs
	return opts
}
