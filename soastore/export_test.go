package soastore

import "github.com/soastore/soa/internal/fsys"

// WithFS returns opts for a store whose files are in fs.
func WithFS(opts Options, fs fsys.FS) Options {
	opts.fs = fs
	return opts
}

// EndProcess lets go of the files that s, nil for none, has open, as the end of a
// process does.
func EndProcess(s Store) {
	switch s := s.(type) {
	case *Spill:
		s.format.stop(false)
	case *Tiered:
		s.tiers.Close()
		for _, k := range s.disks.list {
			k.spill.format.stop(false)
		}
	}
}
