// Package progress shows on a terminal how far long work has come.
//
// go-pretty, which draws the tables, has progress bars too. But they show at once,
// cannot take their line away again, and end when the expected amount is reached,
// which here is an estimate.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
)

const (
	patience = time.Second // work that is done by then shows nothing
	interval = 200 * time.Millisecond
	barWidth = 30
)

// Bar is a line that shows how much of a task is done. A nil Bar shows nothing.
type Bar struct {
	label string
	unit  Unit
	total int64
	done  atomic.Int64
	start time.Time
	stop  chan struct{}
	ended sync.WaitGroup
}

// Unit writes an amount of work.
type Unit func(n int64) string

// Bytes is the unit of most work.
func Bytes(n int64) string { return humanize.IBytes(uint64(n)) }

// Terminal reports whether f is a terminal, or another device.
func Terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Start returns a Bar for so much work, shown on stderr if that is a terminal and
// the work takes longer than a second. Stop it.
func Start(label string, total int64, unit Unit) *Bar { return start(os.Stderr, label, total, unit) }

func start(f *os.File, label string, total int64, unit Unit) *Bar {
	if !Terminal(f) {
		return nil
	}
	b := &Bar{label: label, unit: unit, total: total, start: time.Now(), stop: make(chan struct{})}
	b.ended.Add(1)
	go b.run(f)
	return b
}

// Add says that n more units are done. It may be called by several goroutines.
func (b *Bar) Add(n int64) {
	if b != nil {
		b.done.Add(n)
	}
}

// Stop takes the line away.
func (b *Bar) Stop() {
	if b != nil {
		close(b.stop)
		b.ended.Wait()
	}
}

func (b *Bar) run(w io.Writer) {
	defer b.ended.Done()
	wait := time.NewTimer(patience)
	defer wait.Stop()
	for shown := false; ; shown = true {
		select {
		case <-b.stop:
			if shown {
				fmt.Fprint(w, "\r\x1b[K")
			}
			return
		case <-wait.C:
			fmt.Fprint(w, "\r", b.line(time.Since(b.start)), "\x1b[K")
			wait.Reset(interval)
		}
	}
}

// line returns what is shown after so long.
func (b *Bar) line(elapsed time.Duration) string {
	done := b.done.Load()
	part := min(1, float64(done)/float64(max(b.total, 1)))
	bar := strings.Repeat("#", int(part*barWidth))
	rate := float64(done) / elapsed.Seconds()
	return fmt.Sprintf("%s [%-*s] %3.0f%%  %s of %s  %s/s", b.label, barWidth, bar, 100*part,
		b.unit(done), b.unit(b.total), b.unit(int64(rate)))
}
