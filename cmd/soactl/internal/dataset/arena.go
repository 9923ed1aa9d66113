package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/soastore"
)

// OpenArena opens an arena for reading, following symbolic links, whoever else has it
// open.
func OpenArena(name string) (*arena.Arena, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return nil, err
		}
		return OpenArena(name)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	return arena.Open(name, arena.Options{ReadOnly: true})
}

func openOnly(_ context.Context, name string) (*Set, error) { return openArena(name, "") }

// OpenKey opens a value in an arena; "" is the key of the only one.
func OpenKey(name, key string) (*Set, error) {
	s, err := openArena(name, key)
	if err != nil {
		return nil, inFile(name, err)
	}
	s.Name, s.Kind = name, Arena
	return s, nil
}

func openArena(name, key string) (*Set, error) {
	a, err := OpenArena(name)
	if err != nil {
		return nil, err
	}
	s, err := arenaSet(a, key)
	if err != nil {
		a.Close() // only read from
	}
	return s, err
}

func arenaSet(a *arena.Arena, key string) (*Set, error) {
	var err error
	if key == "" {
		if key, err = Only(a.Name(), a.Keys()); err != nil {
			return nil, err
		}
	}
	v, err := a.Get(key)
	if err != nil {
		return nil, err
	}
	s := newArrays(arenaValue{a, v})
	if rank, _, ok := soastore.ArenaOwner(a.Label()); ok {
		s.Ranks[0] = rank
	}
	for _, f := range v.Fields() {
		s.addArray(f.Name, f.DType, "", f.Shape)
	}
	return s, nil
}

// Only returns the key of what has only one, else an error that says how to choose.
func Only(name string, keys []string) (string, error) {
	switch len(keys) {
	case 0:
		return "", fmt.Errorf("%s: there is no value in it", name)
	case 1:
		return keys[0], nil
	}
	return "", fmt.Errorf("%s: choose one of %d keys with --key: %s", name, len(keys), Some(keys))
}

// Some names the first few of keys.
func Some(keys []string) string {
	var b strings.Builder
	for i, key := range keys {
		switch i {
		case 0:
		case 4:
			return b.String() + " ..."
		default:
			b.WriteString(" ")
		}
		fmt.Fprintf(&b, "%q", key)
	}
	return b.String()
}

// arenaValue reads a value in an arena.
type arenaValue struct {
	a *arena.Arena
	v *arena.Value
}

func (r arenaValue) read(ctx context.Context, _ int, into *soa.Dict, names []string) error {
	return readOnly(into, names, func() error { return r.v.Read(ctx, into, names, arena.ReadOptions{}) })
}

func (r arenaValue) Close() error { return errors.Join(r.v.Close(), r.a.Close()) }
