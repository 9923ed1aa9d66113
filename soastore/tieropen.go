package soastore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/fsys"
	"github.com/soastore/soa/partition"
	"github.com/soastore/soa/soastore/internal/tier"
)

// NewTiered opens a tiered store over p's ranks. Collective; local if
// TierOptions.Independent. Ranks may give different budgets and paths. The error is
// an ErrOptions that names what does not fit, or one of opening the files.
func NewTiered(p *partition.Partition, opts TierOptions) (*Tiered, error) {
	t := &Tiered{opts: opts, comm: comm.Self(), catalog: map[string]tiered{}}
	ctx := context.Background()
	if !opts.Independent {
		var err error
		if t.comm, err = comm.Dup(ctx, p.Comm()); err != nil {
			return nil, &Error{Op: "open", Err: err}
		}
	}
	if err := t.open(ctx, p); err != nil {
		if t.tiers != nil {
			t.tiers.Close()
		}
		err = errors.Join(err, t.disks.close())
		if !opts.Independent {
			err = errors.Join(err, t.comm.Close())
		}
		return nil, err
	}
	return t, nil
}

// open makes the ranks one store, with the same keys.
func (t *Tiered) open(ctx context.Context, p *partition.Partition) error {
	b := t.ballot(ctx, "open", "")
	if err := b.agree(t.opts.check(), t.opts.String()); err != nil {
		return err
	}
	neighbours, err := t.ranksOnNode(ctx)
	if err == nil {
		err = t.openDisks(p)
	}
	if err == nil {
		err = t.budget(neighbours)
	}
	if err == nil {
		err = t.openTiers()
	}
	if err := b.agree(err, ""); err != nil {
		return err
	}
	return t.takeStock(ctx, b)
}

// ranksOnNode returns how many of the ranks are on this one's node. Collective.
func (t *Tiered) ranksOnNode(ctx context.Context) (int, error) {
	if t.comm.Size() == 1 {
		return 1, nil
	}
	hosts, err := comm.SplitByHost(ctx, t.comm)
	if err != nil {
		return 0, err
	}
	return hosts.Size(), hosts.Close()
}

// openDisks opens a store of this rank's own for each path.
func (t *Tiered) openDisks(p *partition.Partition) error {
	if len(t.opts.paths()) == 0 {
		return nil
	}
	t.disks = &disks{limit: t.opts.Disk, where: map[string]*disk{}}
	open := t.opts.Open
	if open == nil {
		open = NewArena
	}
	for _, path := range t.opts.paths() {
		k := &disk{Path: path}
		opts := t.opts.Files
		opts.Path, opts.Independent, opts.Keep, opts.Reopen = path.Path, true, t.opts.Keep, t.opts.Reopen
		opts.below = true
		if opts.limit = path.Limit; opts.limit == 0 {
			opts.limit = t.opts.Disk
		}
		if opts.limit > 0 && opts.RecycleBytes == 0 {
			opts.RecycleBytes = -1 // what is kept to be written over would count too
		}
		var err error
		if k.spill, err = open(p, opts); err != nil {
			return err
		}
		t.disks.list = append(t.disks.list, k)
		if k.spill.opts.Path != path.Path || !k.spill.opts.Independent {
			return fmt.Errorf("%w: Open did not use the options that it was given", ErrOptions)
		}
		t.recognise(k)
	}
	return nil
}

// recognise says what kind of file system a path is on, if that matters.
func (t *Tiered) recognise(k *disk) {
	log := t.opts.Log
	if log == nil {
		log = slog.Default()
	}
	switch {
	case k.spill.on.Kind == fsys.Memory:
		log.Warn("soastore: files of a tiered store are in memory, and count as such", "path", k.Path.Path, "filesystem", k.spill.on.Name)
	case k.spill.on.Kind == fsys.Network:
		log.Warn("soastore: files of a tiered store are on a network file system: a local disk is faster", "path", k.Path.Path, "filesystem", k.spill.on.Name)
	}
}

func (t *Tiered) openTiers() error {
	opts := tier.Options{
		Memory: t.opts.Memory, Compressed: t.opts.Compressed, Async: t.opts.Async, Writers: t.opts.Writers,
		Whole:     t.opts.Keep, // what is read no more on this rank may be on another
		CopyOnPut: t.opts.CopyOnSet,
	}
	if t.opts.Compressed > 0 {
		name := t.opts.MemoryCodec
		if name == "" {
			name = "lz4"
		}
		var err error
		if opts.Codec, err = memoryCodec(name); err != nil {
			return err
		}
	}
	if weight := t.opts.Weight; weight != nil {
		opts.Weight = func(id, field string, bytes int64) float64 {
			key, _, _, _ := parseID(id)
			return weight(key, field, bytes)
		}
	}
	var below tier.Below
	if t.disks != nil {
		below = t.disks
	}
	var err error
	t.tiers, err = tier.New(below, opts)
	return err
}

// An ID is what a value is called in tiers and files: KEY.SEQ-RANKS. SEQ is the
// number of the Set, the same on all ranks and never used again, so that what a crash
// leaves of two Sets is told apart; RANKS is how many ranks have a part.
func (t *Tiered) newID(key string) string { return makeID(key, t.seq, t.comm.Size()) }

func makeID(key string, seq uint64, ranks int) string {
	var memory [maxKey + maxID]byte
	b := append(memory[:0], key...)
	b = strconv.AppendUint(append(b, '.'), seq, 10)
	b = strconv.AppendInt(append(b, '-'), int64(ranks), 10)
	return string(b)
}

// maxID is how many bytes an ID has more than its key, at most.
const maxID = 1 + 20 + 1 + 10

// parseID takes an ID apart; ok is false for what newID does not make.
func parseID(id string) (key string, seq uint64, ranks int, ok bool) {
	dash := strings.LastIndexByte(id, '-')
	dot := strings.LastIndexByte(id[:max(dash, 0)], '.')
	if dot <= 0 {
		return "", 0, 0, false
	}
	seq, err := strconv.ParseUint(id[dot+1:dash], 10, 64)
	n, err2 := strconv.ParseUint(id[dash+1:], 10, 31)
	key = id[:dot]
	return key, seq, int(n), err == nil && err2 == nil && makeID(key, seq, int(n)) == id
}

// takeStock fills the catalog with the values that are in files. Of each key it is
// the latest of which every rank has a part; what else there is of the key is
// removed. A key of which there is none is torn, until it is set again or removed.
// All ranks come to the same result. Collective.
func (t *Tiered) takeStock(ctx context.Context, b ballot) error {
	if t.disks == nil {
		return nil
	}
	own := map[string]*disk{}
	for _, k := range t.disks.list {
		for _, id := range k.spill.Keys() {
			if _, err := k.spill.find(id); err == nil {
				own[id] = k
			}
		}
	}
	text, err := json.Marshal(slices.Sorted(maps.Keys(own)))
	if err := b.agree(err, ""); err != nil {
		return err
	}
	texts, err := comm.Allgather(ctx, t.comm, text)
	if err != nil {
		return keyError("open", "", err)
	}
	ranks := map[string]int{} // how many have a part of the value
	for rank, text := range texts {
		var ids []string
		if err := json.Unmarshal(text, &ids); err != nil {
			return keyError("open", "", fmt.Errorf("what rank %d lists: %w", rank, err))
		}
		for _, id := range ids {
			ranks[id]++
		}
	}
	chosen, err := t.choose(ranks)
	if err == nil {
		err = t.adopt(own, chosen)
	}
	return b.agree(err, "")
}

// choose returns the ID of each key's value, with an error for those of which parts
// are missing.
func (t *Tiered) choose(ranks map[string]int) (map[string]tiered, error) {
	chosen := map[string]tiered{}
	latest := map[string]uint64{}
	for _, id := range slices.Sorted(maps.Keys(ranks)) {
		key, seq, n, ok := parseID(id)
		if !ok {
			return nil, fmt.Errorf("%w: the key %q in its files is not a tiered store's", ErrInUse, id)
		}
		if n != t.comm.Size() {
			return nil, &genericio.RankCountError{File: id, Have: n, Want: t.comm.Size()}
		}
		t.seq = max(t.seq, seq)
		have, there := chosen[key]
		whole := ranks[id] == n
		if !there || whole && (have.torn != nil || seq > latest[key]) {
			chosen[key], latest[key] = tiered{id: id}, seq
			if !whole {
				chosen[key] = tiered{id, fmt.Errorf("%w: key %q was in the memory of some ranks only", ErrTorn, key)}
			}
		}
	}
	return chosen, nil
}

// adopt takes in the chosen values, and removes the rest.
func (t *Tiered) adopt(own map[string]*disk, chosen map[string]tiered) (err error) {
	for id, k := range own {
		key, _, _, _ := parseID(id)
		if chosen[key].id != id {
			err = errors.Join(err, k.spill.Remove(id))
			continue
		}
		size := k.spill.sizeOf(id)
		t.disks.adopt(k, id, size)
		if chosen[key].torn != nil {
			continue
		}
		fields, viewErr := k.spill.describe(id)
		if viewErr == nil {
			viewErr = t.tiers.Adopt(id, fields, size)
		}
		err = errors.Join(err, viewErr)
	}
	for key, v := range chosen {
		t.catalog[key] = v
	}
	return err
}

// describe returns the fields of a value, touching no more of its file than needed.
func (s *Spill) describe(key string) (fields []tier.Field, err error) {
	ctx := context.Background()
	err = s.withReader(ctx, key, nil, func(_ *entry, r reader, names []string, opened func()) error {
		return r.view(ctx, names, false, func(d *soa.Dict) error {
			opened()
			for name, a := range d.All() {
				fields = append(fields, tier.Field{Name: name, DType: a.DType(), Shape: slices.Clone(a.Shape())})
			}
			return nil
		})
	})
	return fields, err
}
