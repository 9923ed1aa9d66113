package soastore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/soastore/soa/comm"
)

// A job that is killed while its ranks rename the files of a value, one each, can
// leave the new value on some ranks and the old one, or none, on others. Every
// such rank still has its old file aside (change.swap). Opening the store again
// finds a Set of which every rank has a file, and goes back to it.
//
// Which Set a file is of, its stamp, it says itself.

// witness is what one rank knows of one key.
type witness struct {
	Now string   // the stamp of the file that readers look at; absent if there is none
	Old []string // the stamps of files that were put aside
}

const (
	absent  = "absent"  // there is no file
	unknown = "unknown" // it cannot be read, or is not this rank's to judge
)

// has reports whether the rank has a file of that stamp, as far as it knows.
func (w witness) has(stamp string) bool {
	return w.Now == stamp || w.Now == unknown || slices.Contains(w.Old, stamp)
}

// recover makes every key in found a value of one Set again. It reports whether it
// changed files, and which keys it could not bring together. All ranks come to
// the same result. Collective.
func (s *Spill) recover(ctx context.Context, call *call, found []fileName) (changed bool, torn map[string]error, err error) {
	keys := presentKeys(found)
	own := make([]witness, len(keys))
	restore := make([]func(stamp string) error, len(keys))
	for i, key := range keys {
		own[i], restore[i] = s.format.testify(key, found)
	}
	text, err := json.Marshal(own)
	if err := call.agree(err, ""); err != nil {
		return false, nil, err
	}
	texts, err := comm.Allgather(ctx, s.comm, text)
	if err != nil {
		return false, nil, err
	}
	all := make([][]witness, len(texts)) // by rank, by key
	for rank, text := range texts {
		if err := json.Unmarshal(text, &all[rank]); err != nil || len(all[rank]) != len(keys) {
			return false, nil, errors.Join(fmt.Errorf("%w: rank %d lists other keys", ErrTorn, rank), err)
		}
	}
	torn = map[string]error{}
	for i, key := range keys {
		witnesses := make([]witness, len(all))
		for rank := range all {
			witnesses[rank] = all[rank][i]
		}
		stamp, same := commonStamp(witnesses)
		switch {
		case stamp == "":
			torn[key] = fmt.Errorf("%w: key %q", ErrTorn, key)
		case !same:
			changed = true
			err = errors.Join(err, restore[i](stamp))
		}
	}
	return changed, torn, call.agree(err, "")
}

// presentKeys returns the keys that readers find on some rank, and those of which a
// rank has put a whole file aside, sorted.
func presentKeys(found []fileName) []string {
	keys := map[string]bool{}
	for _, f := range found {
		aside := f.state == oldSuffix && f.kind != gioFile // a rank map is not whole by itself
		if (f.state == "" || aside) && f.kind != gioPartition {
			keys[f.key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// stampedFiles is what testify needs of a format whose files say which Set they are
// of.
type stampedFiles interface {
	// witness returns the name of the file that says which Set the value of key is
	// of, "" on a rank that has none.
	witness(key string) string
	// stamp returns what such a file says: of the files of one Set the same on all
	// ranks, of two Sets not.
	stamp(name string) (string, error)
}

// testify is format.testify for such a format.
func (s *Spill) testify(f stampedFiles, key string, found []fileName) (w witness, restore func(stamp string) error) {
	name := f.witness(key)
	if name == "" {
		return witness{Now: unknown}, func(string) error { return nil }
	}
	w.Now = s.stampOf(f, name)
	aside := map[string]string{} // stamp to file name
	for _, n := range found {
		full := filepath.Join(filepath.Dir(name), n.name)
		if n.state == "" || n.state == spareSuffix || len(full) != len(name)+1+tokenLen+len(n.state) || full[:len(name)] != name {
			continue
		}
		if stamp := s.stampOf(f, full); stamp != absent && stamp != unknown {
			w.Old = append(w.Old, stamp)
			aside[stamp] = full
		}
	}
	return w, func(stamp string) error {
		if w.Now == stamp || w.Now == unknown {
			return nil
		}
		return s.restore(name, w.Now != absent, aside[stamp])
	}
}

func (s *Spill) stampOf(f stampedFiles, name string) string {
	if _, err := s.fs.Lstat(name); err != nil {
		return absent
	}
	stamp, err := f.stamp(name)
	if err != nil {
		return unknown
	}
	return "of " + stamp
}

// restore makes the file aside the one that readers find under name.
func (s *Spill) restore(name string, there bool, aside string) error {
	ch := s.newChange()
	if ch.folders && there { // make room: a rename replaces no folder
		if err := s.fs.Rename(name, ch.oldName(name)); err != nil {
			return err
		}
		defer func() { s.left(ch.remove([]string{ch.oldName(name)})) }()
	}
	return s.fs.Rename(aside, name)
}

// commonStamp returns the stamp that every rank has a file of, "" if there is none,
// and whether readers find that one on every rank already.
func commonStamp(ranks []witness) (stamp string, same bool) {
	var candidates []string
	for _, w := range ranks {
		candidates = append(candidates, w.Now)
		candidates = append(candidates, w.Old...)
	}
	best := -1
	for _, c := range candidates {
		if c == absent || c == unknown || slices.ContainsFunc(ranks, func(w witness) bool { return !w.has(c) }) {
			continue
		}
		now := 0 // on how many ranks it is what readers find: the more, the later
		for _, w := range ranks {
			if w.Now == c || w.Now == unknown {
				now++
			}
		}
		if now > best {
			stamp, best = c, now
		}
	}
	if stamp == "" && !slices.ContainsFunc(ranks, func(w witness) bool { return w.Now != unknown }) {
		return unknown, true // no rank can tell: reading will
	}
	return stamp, best == len(ranks)
}
