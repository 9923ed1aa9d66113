package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// sizes are how much is measured.
type sizes struct {
	large, wide, tiny, block data
	rounds, more             int // of large values, and of small ones
	steps, rows, treeRounds  int // of the merger tree
}

// fullSizes takes several minutes on two cores. Rows are multiples of 16, so that
// columns in plain files stay aligned.
var fullSizes = sizes{
	large:  data{"particles", 7_894_736, 1}, // 300 MB
	wide:   data{"wide", 500_000, 1},
	tiny:   data{"tiny", 100, 1000},
	block:  data{"block", 250_000, 256}, // 1 MB each
	rounds: 7, more: 11,
	steps: 40, rows: 100_000, treeRounds: 9,
}

// quickSizes takes seconds, and says nothing about large data.
var quickSizes = sizes{
	large:  data{"particles", 80_000, 1},
	wide:   data{"wide", 16_000, 1},
	tiny:   data{"tiny", 100, 20},
	block:  data{"block", 16_000, 16},
	rounds: 2, more: 2,
	steps: 3, rows: 2000, treeRounds: 1,
}

// describe says what the values are.
func (z sizes) describe() []string {
	mb := func(d data) float64 { return float64(d.bytes()) / float64(d.Values) / 1e6 }
	return []string{
		fmt.Sprintf("large values: %.3g MB in 9 columns, 7 of float32, one of int64 and one of uint16; 19 columns of float64 where one of them is read", mb(z.large)),
		fmt.Sprintf("tiny values: %d keys, each with 10 columns of %d float32", z.tiny.Values, z.tiny.Rows),
		fmt.Sprintf("tiers: %d keys of %.3g MB each", z.block.Values, mb(z.block)),
		fmt.Sprintf("merger tree: %d steps of up to %d rows on each of 2 ranks", z.steps, z.rows),
	}
}

// on returns a contest in each of two places.
func (h *hall) on(c contest) []contest {
	disk, memory := c, c
	disk.place, memory.place = h.disk, h.memory
	disk.title += ", " + h.disk.String()
	memory.title += ", " + h.memory.String()
	return []contest{disk, memory}
}

// contests are all there are, in the order in which they are held and reported.
func (h *hall) contests(z sizes) []contest {
	return slices.Concat(h.limits(z), h.npz(z), h.genericio(z), h.arena(z), h.tiny(z), h.others(z), h.tiers(z), h.ranks(z), h.tree(z))
}

// limits are what the machine does without a store: what others are held against.
func (h *hall) limits(z sizes) []contest {
	base := contest{section: "Limits of the machine", data: z.large, rounds: z.rounds}
	of := func(title, kind, op string, fresh bool) contest {
		c := base
		c.title, c.fresh = title, fresh
		for _, n := range []int{1, 2} {
			c.entries = append(c.entries, entry{fmt.Sprintf("%d goroutines", n), one, kind, op, n})
		}
		c.entries[0].name = "1 goroutine"
		c.goals = []goal{{ours: "2 goroutines", peer: "1 goroutine"}}
		return c
	}
	return slices.Concat(
		[]contest{of("copy of memory", "memcpy", "set", false)},
		h.on(of("plain write of a new file", "raw", "set", true)),
		h.on(of("plain write over a file", "raw", "set", false)),
		h.on(of("plain read into memory in use", "raw", "into", false)),
		h.on(of("sum of a mapped file", "raw", "sum", false)),
	)
}

func (h *hall) npz(z sizes) []contest {
	base := contest{section: "NPZ and NumPy", data: z.large, rounds: z.rounds}
	fresh, again, read, field, view := base, base, base, base, base

	fresh.title, fresh.fresh = "Set of a new key", true
	fresh.entries = []entry{
		{"NPZ Set", one, "npz", "set", 0},
		{"np.savez", inPython, "savez", "set", 0},
		{"plain write", one, "raw", "set", 1},
	}
	fresh.goals = []goal{{"NPZ Set", "np.savez", 1.8}, {"NPZ Set", "plain write", 0}}
	fresh.limits = map[string]string{"NPZ Set": "plain write"}

	again.title, again.entries, again.limits = "Set of the same key again", fresh.entries, fresh.limits
	againOn := h.on(again)
	againOn[0].goals = []goal{{"NPZ Set", "np.savez", 4}, {"NPZ Set", "plain write", 0}}
	againOn[1].goals = []goal{{"NPZ Set", "np.savez", 2}, {"NPZ Set", "plain write", 0}}

	read.title = "read of all columns"
	read.entries = []entry{
		{"NPZ GetInto, GOMAXPROCS 1", one, "npz", "into", 1},
		{"NPZ GetInto, GOMAXPROCS 2", one, "npz", "into", 2},
		{"NPZ Get, and Release", one, "npz", "get", 0},
		{"np.load", inPython, "savez", "get", 0},
		{"plain read", one, "raw", "into", 1},
		{"plain read, 2 goroutines", one, "raw", "into", 2},
	}
	read.limits = map[string]string{"NPZ GetInto, GOMAXPROCS 1": "plain read", "NPZ GetInto, GOMAXPROCS 2": "plain read, 2 goroutines"}
	read.goals = []goal{
		{"NPZ GetInto, GOMAXPROCS 1", "np.load", 2.4}, {"NPZ GetInto, GOMAXPROCS 2", "np.load", 4}, {"NPZ Get, and Release", "np.load", 0},
		{"NPZ GetInto, GOMAXPROCS 1", "plain read", 0}, {"NPZ GetInto, GOMAXPROCS 2", "plain read", 0},
	}

	field.title, field.data, field.rounds = "read of one column of 19", z.wide, z.more
	field.entries = []entry{
		{"NPZ GetField", one, "npz", "field", 0},
		{"np.load", inPython, "savez", "field", 0},
		{"plain read, into memory in use", one, "raw", "field", 1},
	}
	field.goals = []goal{{"NPZ GetField", "np.load", 3}}
	field.limits = map[string]string{"NPZ GetField": "plain read, into memory in use"}

	view.title = "view, with its checksums checked, and sum of all columns"
	view.entries = []entry{
		{"NPZ View + sum", one, "npz", "sum", 2},
		{"GenericIO View + sum", one, "gio", "sum", 2},
		{"NPZ View + sum, GOMAXPROCS 1", one, "npz", "sum", 1},
		{"GenericIO View + sum, GOMAXPROCS 1", one, "gio", "sum", 1},
		{"np.load + sum", inPython, "savez", "sum", 0},
		{"sum of a mapped plain file", one, "raw", "sum", 2},
	}
	view.limits = map[string]string{"NPZ View + sum": "sum of a mapped plain file", "GenericIO View + sum": "sum of a mapped plain file"}
	for _, e := range view.entries[:4] {
		least := 0.0
		if e.procs == 2 {
			least = 4.5
		}
		view.goals = append(view.goals, goal{e.name, "np.load + sum", least})
	}
	return slices.Concat(h.on(fresh), againOn, h.on(read), h.on(field), h.on(view))
}

func (h *hall) genericio(z sizes) []contest {
	base := contest{section: "GenericIO", data: z.large, rounds: z.rounds}
	fresh, again, over, packed, read, view := base, base, base, base, base, base

	fresh.title, fresh.fresh = "Set of a new key", true
	teams := []struct {
		name string
		team team
	}{{"1 rank", one}, {"2 ranks", two}, {"2 ranks, mpirun", twoMPI}}
	fresh.limits = map[string]string{}
	for _, t := range teams {
		own, plain, checked := "GenericIO Set, "+t.name, "plain write, "+t.name, "CRC-64 and plain write, "+t.name
		fresh.entries = append(fresh.entries,
			entry{own, t.team, "gio", "set", 0}, entry{plain, t.team, "raw", "set", 1}, entry{checked, t.team, "raw-summed", "set", 1})
		fresh.goals = append(fresh.goals, goal{own, plain, 0.85})
		fresh.limits[own] = checked
	}
	again.title, again.entries, again.goals, again.limits = "Set of the same key again", fresh.entries, fresh.goals, fresh.limits

	over.title, over.warm = "Set of the same key again and again, and C++", 2
	for ranks, t := range teams[:2] {
		own, other := "GenericIO Set, "+t.name, "C++ GenericIO write over, "+t.name
		over.entries = append(over.entries, entry{own, t.team, "gio", "set", 0}, entry{other, outside, "", "overwrite", ranks + 1})
		over.goals = append(over.goals, goal{own, other, 1.8})
	}

	packed.title = "compressed Set of the same key again"
	packed.entries = []entry{
		{"GenericIO Set, lz4", one, "gio-lz4", "set", 0},
		{"GenericIO Set, lz4, GOMAXPROCS 1", one, "gio-lz4", "set", 1},
		{"C++ GenericIO compressed write over", outside, "", "compress", 1},
	}
	packed.goals = []goal{
		{"GenericIO Set, lz4", "C++ GenericIO compressed write over", 4},
		{"GenericIO Set, lz4, GOMAXPROCS 1", "C++ GenericIO compressed write over", 0},
	}

	read.title, read.warm = "read of all columns, again and again", 2
	read.entries = []entry{
		{"GenericIO GetInto", one, "gio", "into", 0},
		{"plain read", one, "raw", "into", 1},
		{"plain read, 2 goroutines", one, "raw", "into", 2},
		{"C++ GenericIO read", outside, "", "read", 1},
	}
	read.limits = map[string]string{"GenericIO GetInto": "plain read, 2 goroutines"}
	read.goals = []goal{{"GenericIO GetInto", "plain read", 0}, {"GenericIO GetInto", "C++ GenericIO read", 2.3}}

	view.title = "view, with its checksums checked"
	view.entries = []entry{
		{"GenericIO View", one, "gio", "view", 0},
		{"plain read", one, "raw", "into", 1},
		{"C++ GenericIO read, into new memory", outside, "", "readnew", 1},
	}
	view.goals = []goal{{"GenericIO View", "plain read", 0}, {"GenericIO View", "C++ GenericIO read, into new memory", 7}}
	return slices.Concat(h.on(fresh), h.on(again), h.on(over), h.on(packed), h.on(read), h.on(view))
}

func (h *hall) arena(z sizes) []contest {
	base := contest{section: "Arena", data: z.large, rounds: z.rounds}
	fresh, again, read := base, base, base
	fresh.title, fresh.fresh = "Set of a new key", true
	fresh.entries = []entry{
		{"arena Set", one, "arena", "set", 0},
		{"plain write", one, "raw", "set", 1},
		{"np.savez", inPython, "savez", "set", 0},
	}
	fresh.goals = []goal{{"arena Set", "plain write", 0}, {"arena Set", "np.savez", 0}}

	again.title = "Set of the same key again"
	again.entries = []entry{
		{"arena Set, GOMAXPROCS 1", one, "arena", "set", 1},
		{"arena Set, GOMAXPROCS 2", one, "arena", "set", 2},
		{"plain write", one, "raw", "set", 1},
		{"NumPy dict of copies, in memory", inPython, "dict", "set", 0},
		{"memcpy, 1 goroutine", one, "memcpy", "set", 1},
		{"memcpy, 2 goroutines", one, "memcpy", "set", 2},
	}
	againOn := h.on(again)
	againOn[1].limits = map[string]string{"arena Set, GOMAXPROCS 2": "memcpy, 2 goroutines"}
	againOn[0].goals = []goal{{"arena Set, GOMAXPROCS 1", "plain write", 0}, {"arena Set, GOMAXPROCS 2", "plain write", 0.9}}
	againOn[1].goals = []goal{{"arena Set, GOMAXPROCS 1", "memcpy, 1 goroutine", 0.75}, {"arena Set, GOMAXPROCS 2", "NumPy dict of copies, in memory", 3}}

	read.title = "read of all columns"
	read.entries = []entry{
		{"arena GetInto", one, "arena", "into", 0},
		{"arena View, checked, + sum", one, "arena", "sum", 2},
		{"plain read", one, "raw", "into", 1},
		{"np.load", inPython, "savez", "get", 0},
	}
	read.goals = []goal{{"arena GetInto", "plain read", 0}, {"arena GetInto", "np.load", 0}, {"arena View, checked, + sum", "np.load", 0}}
	return slices.Concat(h.on(fresh), againOn, h.on(read))
}

// tiny is about the cost of a call.
func (h *hall) tiny(z sizes) []contest {
	base := contest{section: "Tiny values", data: z.tiny, unit: microseconds, rounds: z.more}
	fresh, again, read := base, base, base
	fresh.title, fresh.fresh, again.title, read.title = "Set of a new key", true, "Set of a key again", "read of a key"
	for _, kind := range []struct {
		name, kind         string
		leastSet, leastGet float64
	}{{"NPZ", "npz", 20, 150}, {"GenericIO", "gio", 20, 150}, {"arena", "arena", 20, 150}, {"memory", "memory", 0, 0}} {
		set, get := kind.name+" Set", kind.name+" GetInto"
		fresh.entries = append(fresh.entries, entry{set, one, kind.kind, "set", 0})
		read.entries = append(read.entries, entry{get, one, kind.kind, "into", 0})
		fresh.goals = append(fresh.goals, goal{set, "np.savez", kind.leastSet})
		read.goals = append(read.goals, goal{get, "np.load", kind.leastGet})
	}
	fresh.entries = append(fresh.entries, entry{"np.savez", inPython, "savez", "set", 0},
		entry{"plain write", one, "raw", "set", 1}, entry{"plain write into one file", one, "log", "set", 1})
	read.entries = append(read.entries, entry{"np.load", inPython, "savez", "get", 0}, entry{"plain read", one, "raw", "into", 1})
	fresh.limits = map[string]string{"NPZ Set": "plain write", "GenericIO Set": "plain write", "arena Set": "plain write into one file"}
	read.limits = map[string]string{"NPZ GetInto": "plain read", "GenericIO GetInto": "plain read"}
	again.goals, again.limits = fresh.goals, maps.Clone(fresh.limits)
	const whole = "plain write, the old value whole until then" // as every store here does
	again.entries = append(slices.Clone(fresh.entries), entry{whole, one, "raw-exchanged", "set", 1})
	again.limits["NPZ Set"], again.limits["GenericIO Set"] = whole, whole
	fresh.atMost, again.atMost = map[string]float64{"arena Set": 3}, map[string]float64{"arena Set": 3}
	return slices.Concat(h.on(fresh), h.on(again), h.on(read))
}

// others are peers of memory-mapped files and of values in memory.
func (h *hall) others(z sizes) []contest {
	base := contest{section: "memmap, HDF5 and values in memory", data: z.large, rounds: z.rounds}
	write, read, mapped, open, kept := base, base, base, base, base

	write.title, write.fresh = "Set of a new key", true
	write.entries = []entry{
		{"memmap Set", one, "memmap", "set", 0},
		{"GenericIO Set", one, "gio", "set", 0},
		{"np.save of each column", inPython, "save", "set", 0},
		{"h5py", inPython, "h5py", "set", 0},
	}
	write.goals = []goal{{"memmap Set", "np.save of each column", 0}, {"GenericIO Set", "h5py", 0}}

	read.title = "read of all columns"
	read.entries = []entry{
		{"memmap GetInto", one, "memmap", "into", 0},
		{"GenericIO GetInto", one, "gio", "into", 0},
		{"np.load of each column", inPython, "save", "get", 0},
		{"h5py", inPython, "h5py", "get", 0},
	}
	read.goals = []goal{{"memmap GetInto", "np.load of each column", 0}, {"GenericIO GetInto", "h5py", 0}}

	mapped.title = "map and sum of all columns"
	mapped.entries = []entry{
		{"memmap View + sum", one, "memmap", "sum", 2},
		{"memmap View + sum, GOMAXPROCS 1", one, "memmap", "sum", 1},
		{"np.load(mmap_mode) + sum", inPython, "save", "sum", 0},
	}
	mapped.goals = []goal{{"memmap View + sum", "np.load(mmap_mode) + sum", 0}, {"memmap View + sum, GOMAXPROCS 1", "np.load(mmap_mode) + sum", 0}}

	open.title, open.unit, open.rounds = "map of all columns, without a look at them", microseconds, 3*z.more
	open.entries = []entry{{"memmap View", one, "memmap", "view", 0}, {"np.load(mmap_mode)", inPython, "save", "view", 0}}
	open.goals = []goal{{"memmap View", "np.load(mmap_mode)", 0}}

	kept.title = "Set of the same key again, in memory"
	kept.entries = []entry{
		{"memory store, CopyOnSet", one, "memory", "set", 0},
		{"NumPy dict of copies", inPython, "dict", "set", 0},
		{"memcpy, 1 goroutine", one, "memcpy", "set", 1},
	}
	kept.goals = []goal{{"memory store, CopyOnSet", "NumPy dict of copies", 0}, {"memory store, CopyOnSet", "memcpy, 1 goroutine", 0}}
	return slices.Concat(h.on(write), h.on(read), h.on(mapped), h.on(open), []contest{kept})
}

// tiers are about more values than memory may hold.
func (h *hall) tiers(z sizes) []contest {
	base := contest{section: "Tiers: a quarter of the values fits into memory", data: z.block, rounds: z.rounds}
	of := func(title, op string, fresh bool) contest {
		c := base
		c.title, c.fresh = title, fresh
		c.entries = []entry{
			{"tiered, into an arena", one, "tiered", op, 0},
			{"tiered, into GenericIO files, lz4", one, "tiered-lz4", op, 0},
			{"zict Buffer", inPython, "zict", op, 0},
			{"zict Buffer, Blosc lz4", inPython, "zict-blosc", op, 0},
		}
		c.goals = []goal{
			{"tiered, into an arena", "zict Buffer", 2},
			{"tiered, into an arena", "zict Buffer, Blosc lz4", 3},
			{"tiered, into GenericIO files, lz4", "zict Buffer, Blosc lz4", 0},
		}
		return c
	}
	return slices.Concat(h.on(of("Set that evicts another value", "spill", true)), h.on(of("Get of a value that was evicted", "get", false)))
}

// ranks are about twice the work on twice the ranks, each with a core and files of
// its own.
func (h *hall) ranks(z sizes) []contest {
	half := z.large
	half.Rows /= 2
	base := contest{section: "From 1 rank to 2, each with one core", weak: true, data: half, rounds: z.rounds}
	of := func(title, op string, kinds ...doubled) contest {
		c := base
		c.title, c.limits = title, map[string]string{}
		for _, k := range kinds {
			c.twice(k, op)
		}
		return c
	}
	const plain, copied = "plain files", "memcpy"
	on := func(title, op string) []contest {
		files := []doubled{{"GenericIO", "gio", plain}, {"NPZ", "npz", plain}, {"memmap", "memmap", plain}}
		disk := append(slices.Clone(files), doubled{"arena", "arena", plain}, doubled{plain, "raw", ""})
		memory := append(files, doubled{"arena", "arena", copied}, doubled{plain, "raw", ""}, doubled{copied, "memcpy", ""}) // where it is a mapping
		return []contest{h.on(of(title, op, disk...))[0], h.on(of(title, op, memory...))[1]}
	}
	memory := []doubled{{"memory store, CopyOnSet", "memory", copied}, {copied, "memcpy", ""}}
	return slices.Concat(
		on("Set of the same key again", "set"), on("read of all columns", "into"),
		[]contest{of("Set of the same key again, in memory", "set", memory...), of("read of all columns, in memory", "into", memory...)},
	)
}

// doubled is what one rank does, and two do.
type doubled struct {
	name, kind string
	limit      string // whose contestants show what the machine gives; "" for such
}

// twice enters one rank and both kinds of two ranks, and compares them.
func (c *contest) twice(k doubled, op string) {
	enter := func(ranks string, team team, procs int) {
		c.entries = append(c.entries, entry{k.name + ranks, team, k.kind, op, procs})
		if k.limit != "" {
			c.limits[k.name+ranks] = k.limit + ranks
		}
	}
	single, least := ", 1 rank", 0.0
	if k.limit != "" {
		least = 1.7
	}
	enter(single, one, 1)
	for _, t := range []struct {
		ranks string
		team  team
	}{{", 2 ranks", two}, {", 2 ranks, mpirun", twoMPI}} {
		enter(t.ranks, t.team, 0)
		c.goals = append(c.goals, goal{k.name + t.ranks, k.name + single, least})
	}
}

// tieredTree is the merger tree with memory for a quarter of its data, the rest in
// arenas, and a plan of its reads.
const tieredTree = "tiered, 1/4 in memory"

// treeRow is how many bytes a rank puts away for each of its steps and --rows, since
// earlier steps have fewer rows.
const treeRow = 55

// tree is the workload that soastore was made for.
func (h *hall) tree(z sizes) []contest {
	c := contest{section: "Merger tree: examples/mergertree on 2 ranks", title: "time in the stores", unit: milliseconds,
		data:   z.large, // about as much
		rounds: z.treeRounds, parts: treePhases, aim: "all phases",
		limits: map[string]string{tieredTree: "memory"},
		goals:  []goal{{"GenericIO", "memory", 0}, {"NPZ", "memory", 0}, {"arena", "memory", 0}, {tieredTree, "memory", 0}, {tieredTree, "NPZ", 0}}}
	all := h.on(c)
	all[0].goals = append(slices.Clone(c.goals[:3]), goal{tieredTree, "memory", 0.67}, goal{tieredTree, "NPZ", 2}) // on disk
	quarter := strconv.Itoa(z.steps * z.rows * treeRow / 4)
	for i := range all {
		all[i].enterAll = mergertree(all[i].place, z.steps, z.rows, []tree{
			{"GenericIO", "gio", nil}, {"NPZ", "npz", nil}, {"arena", "arena", nil}, {"memory", "mem", nil},
			{tieredTree, "tiered", []string{"--memory", quarter}}})
	}
	return all
}
