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
	aside := make([]map[string]string, len(keys)) // stamp to file name
	for i, key := range keys {
		own[i], aside[i] = s.testify(key, found)
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
			err = errors.Join(err, s.restore(key, own[i], stamp, aside[i]))
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

// testify returns what this rank knows of key, and the names of the files that
// were put aside.
func (s *Spill) testify(key string, found []fileName) (w witness, aside map[string]string) {
	name := s.format.witness(key)
	if name == "" {
		return witness{Now: unknown}, nil
	}
	w.Now = s.stampOf(name)
	aside = map[string]string{}
	for _, f := range found {
		full := filepath.Join(filepath.Dir(name), f.name)
		if f.state == "" || f.state == spareSuffix || len(full) != len(name)+1+tokenLen+len(f.state) || full[:len(name)] != name {
			continue
		}
		if stamp := s.stampOf(full); stamp != absent && stamp != unknown {
			w.Old = append(w.Old, stamp)
			aside[stamp] = full
		}
	}
	return w, aside
}

func (s *Spill) stampOf(name string) string {
	if _, err := s.fs.Lstat(name); err != nil {
		return absent
	}
	stamp, err := s.format.stamp(name)
	if err != nil {
		return unknown
	}
	return "of " + stamp
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

// restore makes the file of the given stamp the one that readers find.
func (s *Spill) restore(key string, w witness, stamp string, aside map[string]string) error {
	if w.Now == stamp || w.Now == unknown {
		return nil
	}
	ch, name := s.newChange(), s.format.witness(key)
	if ch.folders && w.Now != absent { // make room: a rename replaces no folder
		if err := s.fs.Rename(name, ch.oldName(name)); err != nil {
			return err
		}
		defer func() { s.left(ch.remove([]string{ch.oldName(name)})) }()
	}
	return s.fs.Rename(aside[stamp], name)
}
