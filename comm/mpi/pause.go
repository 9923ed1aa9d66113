//go:build cgo && !windows

package mpi

import (
	"runtime"
	"time"
)

// A pause is taken between two looks at MPI: at first none, as an answer mostly
// comes within microseconds, then longer and longer ones, so that ranks that wait
// leave the cores to those that work.
type pause struct {
	count  int
	length time.Duration
	since  time.Time // of the first sleep
}

const (
	spins    = 100 // looks before the first yield
	yields   = 100 // looks before the first sleep
	minSleep = 2 * time.Microsecond
	maxSleep = 200 * time.Microsecond
)

func (p *pause) take() {
	switch p.count++; {
	case p.count <= spins:
		runtime.Gosched()
	case p.count <= spins+yields:
		yield()
	default:
		if p.since.IsZero() {
			p.since, p.length = time.Now(), minSleep
		}
		sleep(p.length)
		p.length = min(p.length*5/4, maxSleep)
	}
}

// glance reports whether it is time to look at what is not expected. While p does
// not sleep that is seldom.
func (p *pause) glance() bool { return p.count%16 == 0 || !p.since.IsZero() }

// waited returns for how long, about.
func (p *pause) waited() time.Duration {
	if p.since.IsZero() {
		return 0
	}
	return time.Since(p.since)
}
