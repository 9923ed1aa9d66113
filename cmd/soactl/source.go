package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/soastore/soa/cmd/soactl/internal/check"
	"github.com/soastore/soa/cmd/soactl/internal/dataset"
	"github.com/soastore/soa/soastore"
)

// source is what a command reads: a file, or a value in an arena or of a store.
type source struct {
	name   string            // the file, or the store's Options.Path or folder
	key    string            // as ls prints it; "" of a file that is a value by itself
	stored *soastore.Spilled // nil of a file
	report check.Report      // on a value in the arenas of a store
}

// openValue opens a file, or the value under key in an arena or of a store. "" is the
// key of the only one.
func openValue(ctx context.Context, name, key string) (*dataset.Set, error) {
	all, err := sourcesAt(ctx, name, key != "")
	if len(all) == 0 {
		return nil, err
	}
	if key == "" && all[0].key == "" {
		return all[0].open(ctx)
	}
	if key == "" {
		var choose error
		if key, choose = dataset.Only(name, keysOf(all)); choose != nil {
			return nil, choose
		}
	}
	s, missing := pick(all, name, key)
	if missing != nil {
		return nil, errors.Join(missing, err)
	}
	return s.open(ctx)
}

// pick returns the source of that key.
func pick(all []source, name, key string) (source, error) {
	have := slices.DeleteFunc(slices.Clone(all), func(s source) bool { return s.key != key })
	switch len(have) {
	case 0:
		return source{}, fmt.Errorf("%s: no key %q; there are %s", name, key, dataset.Some(keysOf(all)))
	case 1:
		return have[0], nil
	}
	return source{}, fmt.Errorf("%s: key %q is there more than once, in several formats or stores: name a file", name, key)
}

// keysOf returns the keys of sources, each once.
func keysOf(all []source) (keys []string) {
	for _, s := range all {
		if !slices.Contains(keys, s.key) {
			keys = append(keys, s.key)
		}
	}
	return keys
}

// sourcesAt returns the file of that name, or the values in it if it is an arena, or
// those of the store or the folder. keyed says that a file without keys will not do.
// There is an error if there are none, and one if there are some, but not those of
// all arenas.
func sourcesAt(ctx context.Context, name string, keyed bool) ([]source, error) {
	kind, err := dataset.KindOf(name)
	switch {
	case err == nil && kind == dataset.Arena:
		return inArena(name)
	case err == nil && !keyed:
		return []source{{name: name}}, nil
	}
	all, storeErr := inStore(ctx, name)
	switch {
	case len(all) > 0 || storeErr != nil:
		return all, storeErr
	case err == nil:
		return nil, usagef("--key and {key} are for arenas and stores, and %s is neither", name)
	}
	return nil, err
}

// inArena returns the values in an arena.
func inArena(name string) ([]source, error) {
	a, err := dataset.OpenArena(name)
	if err != nil {
		return nil, err
	}
	defer a.Close() // only read from
	keys := a.Keys()
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: there is no value in it", name)
	}
	out := make([]source, len(keys))
	for i, key := range keys {
		out[i] = source{name: name, key: key}
	}
	return out, nil
}

// inStore returns the values of a store or a folder, if there are any. The error is of
// arenas of which none can be read.
func inStore(ctx context.Context, path string) (out []source, err error) {
	found, findErr := check.Find(path)
	if findErr != nil {
		return nil, nil // what is not there is no store
	}
	for _, v := range found.Values {
		switch {
		case v.Format == soastore.Arena:
			in, badErr := inArenas(ctx, path, v)
			out, err = append(out, in...), errors.Join(err, badErr)
		case v.Index != "" || len(v.Parts) > 0: // not leftovers only
			out = append(out, source{name: path, key: v.Key, stored: &v})
		}
	}
	return out, err
}

// inArenas returns the values in the arenas of a store, unless there are none, or the
// arenas are not of one store.
func inArenas(ctx context.Context, path string, v soastore.Spilled) (out []source, err error) {
	for _, r := range new(check.Checker).Values(ctx, v) {
		switch {
		case r.Key != "" && len(r.Files) > 0:
			out = append(out, source{path, r.Name, &v, r})
		case r.Key == "" && (r.Has(check.Mixed) || len(out) == 0):
			return nil, unsound(path, r)
		}
	}
	return out, nil
}

// unsound returns what is wrong with what a report is on, as an error.
func unsound(path string, r check.Report) error {
	if r.Good() {
		return fmt.Errorf("%s: there is no value in it", r.Name)
	}
	return fmt.Errorf("%s: %q is %s: %s; soactl verify says more", path, r.Name, r.State, r.Problems[0])
}

// open opens the source. A value of a store must be whole.
func (s source) open(ctx context.Context) (*dataset.Set, error) {
	switch {
	case s.stored == nil && s.key == "":
		return dataset.Open(ctx, s.name)
	case s.stored == nil:
		return dataset.OpenKey(s.name, s.key)
	}
	r := s.report
	if s.stored.Format != soastore.Arena {
		r = new(check.Checker).Value(ctx, *s.stored)
	}
	if !r.Good() {
		return nil, unsound(s.name, r)
	}
	set, err := dataset.OpenStored(ctx, *s.stored, r.Key)
	if err != nil {
		return nil, err
	}
	set.Name = fmt.Sprintf("%s, key %q", s.name, s.key)
	return set, nil
}

// fileKey returns the key as a part of a file's name. That in a folder is one already.
func (s source) fileKey() string {
	if check.IsDir(s.name) {
		return s.key
	}
	return soastore.FileKey(s.key)
}
