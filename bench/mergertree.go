package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
)

// treePhases are the phases of examples/mergertree, in its order, and their sum.
var treePhases = []string{"1 write table", "1 write index", "2 index forward", "3 index backward", "4 column scan", "5 remove", "all phases"}

// tree is a run of examples/mergertree as a process of two ranks.
type tree struct {
	name  string // of the contestant
	store string // its --store
	args  []string
}

// mergertree builds the example and has it run with each of the stores. What is
// measured are the seconds that its slowest rank is in the stores.
func mergertree(place place, steps, rows int, trees []tree) func(*hall) ([]*contestant, error) {
	return func(h *hall) ([]*contestant, error) {
		program := filepath.Join(h.disk.dir, "mergertree")
		build := exec.Command("go", "build", "-o", program, "github.com/soastore/soa/examples/mergertree")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", build, err, out)
		}
		var all []*contestant
		for _, t := range trees {
			args := append([]string{"--json", "--ranks", "2", "--steps", strconv.Itoa(steps), "--rows", strconv.Itoa(rows),
				"--store", t.store, "--path", filepath.Join(place.dir, "tree")}, t.args...)
			once := make([]float64, len(treePhases))
			for i := range once {
				once[i] = 1
			}
			all = append(all, &contestant{name: t.name, amounts: once,
				measure: func(ctx context.Context) ([]float64, error) {
					return phasesOf(exec.CommandContext(ctx, program, args...))
				}})
		}
		return all, nil
	}
}

// phasesOf runs the example and returns the seconds of each phase and of all.
func phasesOf(cmd *exec.Cmd) ([]float64, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", cmd, err, &stderr)
	}
	var report struct {
		Phases []struct {
			Phase string
			Max   float64 `json:"max_seconds"`
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("%s: %w", cmd, err)
	}
	seconds, sum := []float64(nil), 0.0
	for i, p := range report.Phases {
		if i >= len(treePhases) || p.Phase != treePhases[i] {
			return nil, fmt.Errorf("%s: there is another phase now: %s", cmd, p.Phase)
		}
		seconds, sum = append(seconds, p.Max), sum+p.Max
	}
	return append(seconds, sum), nil
}
