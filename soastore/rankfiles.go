package soastore

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/soastore/soa/genericio"
)

// rankFiles is what formats share that keep each rank's rows under a name of its
// own.
type rankFiles struct {
	s    *Spill
	rank int
	size int
	kind fileKind
	name func(prefix, key string, rank int) string
}

func (f rankFiles) own(key string) string { return f.name(f.s.opts.Path, key, f.rank) }

func (f rankFiles) committers() int {
	if f.s.opts.Independent {
		return 1
	}
	return f.size
}

func (f rankFiles) folders() bool { return f.kind == memmapFolder }

// staged plans that key's file, which was written, replaces the old value, and returns
// its files.
func (f rankFiles) staged(ch *change, key string, size int64, old *entry) files {
	out := f.filesOf(key, old)
	ch.replace(out.data, old.present(), old.fileBytes())
	if old != nil {
		ch.discard(old.files.extra...)
	}
	out.size = size
	return out
}

// filesOf returns where the new value of key is, in the memory of where the old one is.
func (f rankFiles) filesOf(key string, old *entry) files {
	if old.present() {
		return files{data: old.files.data, mine: old.files.mine}
	}
	name := f.own(key)
	return files{data: name, mine: []string{name}}
}

// setStamp says in a file which Set wrote it, so that files of two Sets, which a
// crash can leave side by side, are told apart.
func (f rankFiles) setStamp(call *call) string {
	b := append(make([]byte, 0, 64), "soa set "...)
	b = append(append(b, f.s.token...), '.')
	return string(strconv.AppendUint(b, call.seq, 10))
}

func (f rankFiles) witness(key string) string { return f.own(key) }

func (f rankFiles) prefix() string { return f.s.opts.Path }

func (f rankFiles) usage() (disk, spare int64, ok bool) { return 0, 0, false }

func (f rankFiles) start() error            { return nil }
func (f rankFiles) stop(bool) error         { return nil }
func (f rankFiles) list() ([]string, error) { return f.s.listFolder() }

func (f rankFiles) remove(ch *change, key string, have files) {
	if !have.missing {
		ch.drop(have.data, have.size)
	}
	ch.discard(have.extra...)
}

func (f rankFiles) existing(found []fileName) map[string]files {
	ranks := map[string][]int{}
	for _, n := range found {
		if n.kind == f.kind && n.state == "" && (!f.s.opts.Independent || n.number == f.rank) {
			ranks[n.key] = append(ranks[n.key], n.number)
		}
	}
	out := map[string]files{}
	for key, numbers := range ranks {
		out[key] = f.found(key, numbers)
	}
	return out
}

// found returns the files of a value of which the given ranks' are on disk.
func (f rankFiles) found(key string, numbers []int) files {
	out := files{data: f.own(key), torn: f.whole(key, numbers)}
	if out.missing = !slices.Contains(numbers, f.rank); !out.missing {
		out.mine = []string{out.data}
	}
	for _, n := range numbers { // of ranks that there are not any more
		if n >= f.size && f.s.group.leads() {
			out.extra = append(out.extra, f.name(f.s.opts.Path, key, n))
		}
	}
	return out
}

// whole reports what is missing of a value that the given ranks' files are of.
func (f rankFiles) whole(key string, numbers []int) error {
	if f.s.opts.Independent {
		return nil
	}
	n := slices.Max(numbers) + 1
	for rank := range n {
		if !slices.Contains(numbers, rank) {
			return fmt.Errorf("%s is missing: %w", f.name(f.s.opts.Path, key, rank), ErrTorn)
		}
	}
	if n != f.size {
		return &genericio.RankCountError{File: f.name(f.s.opts.Path, key, n-1), Have: n, Want: f.size}
	}
	return nil
}
