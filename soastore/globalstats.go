package soastore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/soastore/soa/comm"
)

// Spread is how one figure differs between ranks.
type Spread struct {
	Min, Mean, Max float64
	MaxRank        int // the first rank that has the most
}

// GlobalStats are the Stats of all ranks together.
type GlobalStats struct {
	Ranks int
	// Slowest is the rank whose calls took the longest: Writing, Reading and Cleanup
	// together.
	Slowest int
	// Figures has each number of Stats under its name: "Bytes", "Tiers.memory.Hits",
	// "Paths./scratch/run7.Used".
	// Durations are in seconds.
	Figures map[string]Spread
}

// GlobalStats compares what the ranks hold and have done. All ranks have the same
// result. Collective.
func (s *Spill) GlobalStats() (GlobalStats, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	call, err := s.begin(context.Background(), "stats", "")
	if err != nil {
		return GlobalStats{}, err
	}
	return call.globalStats(s.Stats())
}

// GlobalStats compares what the ranks hold and have done. All ranks have the same
// result. Collective.
func (t *Tiered) GlobalStats() (GlobalStats, error) {
	t.turn.Lock()
	defer t.turn.Unlock()
	b, err := t.begin(context.Background(), "stats", "")
	if err != nil {
		return GlobalStats{}, err
	}
	return b.globalStats(t.Stats())
}

func (b *ballot) globalStats(own Stats) (GlobalStats, error) {
	text, err := json.Marshal(own.figures())
	if err := b.agree(err, ""); err != nil {
		return GlobalStats{}, err
	}
	texts, err := comm.Allgather(b.ctx, b.comm, text)
	if err != nil {
		return GlobalStats{}, keyError(b.op, "", err)
	}
	all := make([]map[string]float64, len(texts))
	for rank, text := range texts {
		if err := json.Unmarshal(text, &all[rank]); err != nil {
			return GlobalStats{}, keyError(b.op, "", fmt.Errorf("of rank %d: %w", rank, err))
		}
	}
	return compare(all), nil
}

// compare makes the GlobalStats of all ranks' figures. One that a rank does not have,
// of a tier or a path, is 0 there.
func compare(all []map[string]float64) GlobalStats {
	out := GlobalStats{Ranks: len(all), Figures: map[string]Spread{}}
	for _, figures := range all {
		for name := range figures {
			if _, ok := out.Figures[name]; !ok {
				out.Figures[name] = spreadOf(all, name)
			}
		}
	}
	busy := func(f map[string]float64) float64 { return f["Writing"] + f["Reading"] + f["Cleanup"] }
	for rank, figures := range all {
		if busy(figures) > busy(all[out.Slowest]) {
			out.Slowest = rank
		}
	}
	return out
}

func spreadOf(all []map[string]float64, name string) Spread {
	values := make([]float64, len(all))
	sum := 0.0
	for rank, figures := range all {
		values[rank] = figures[name]
		sum += values[rank]
	}
	most := slices.Max(values)
	return Spread{slices.Min(values), sum / float64(len(values)), most, slices.Index(values, most)}
}

// figures returns the numbers of st, durations in seconds.
func (st *Stats) figures() map[string]float64 {
	out := map[string]float64{
		"Keys": float64(st.Keys), "Bytes": float64(st.Bytes), "Memory": float64(st.Memory), "Files": float64(st.Files),
		"Disk": float64(st.Disk), "Spare": float64(st.Spare), "Unwritten": float64(st.Unwritten), "Failures": float64(st.Failures),
		"Sets": float64(st.Sets), "Gets": float64(st.Gets), "Removes": float64(st.Removes),
		"BytesSet": float64(st.BytesSet), "BytesGot": float64(st.BytesGot), "Leftover": float64(st.Leftover),
		"Writing": st.Writing.Seconds(), "Reading": st.Reading.Seconds(), "Cleanup": st.Cleanup.Seconds(),
	}
	for _, t := range st.Tiers {
		for name, v := range map[string]float64{
			"Budget": float64(t.Budget), "Values": float64(t.Values), "Fields": float64(t.Fields), "Raw": float64(t.Raw), "Stored": float64(t.Stored),
			"Hits": float64(t.Hits), "Misses": float64(t.Misses), "Promotions": float64(t.Promotions), "Evictions": float64(t.Evictions),
			"BytesRead": float64(t.BytesRead), "BytesWritten": float64(t.BytesWritten),
			"Reading": t.Reading.Seconds(), "Writing": t.Writing.Seconds(),
		} {
			out["Tiers."+t.Name+"."+name] = v
		}
	}
	for _, p := range st.Paths {
		out["Paths."+p.Path+".Limit"] = float64(p.Limit)
		out["Paths."+p.Path+".Used"] = float64(p.Used)
	}
	return out
}
