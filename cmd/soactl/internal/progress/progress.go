// Package progress shows on a terminal how far long work has come.
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

// Bar is a line that shows how many bytes of a task are done. A nil Bar shows
// nothing.
type Bar struct {
	label string
	total int64
	done  atomic.Int64
	start time.Time
	stop  chan struct{}
	ended sync.WaitGroup
}

// Start returns a Bar for work on total bytes, shown on f if that is a terminal
// and the work takes longer than a second. Stop it.
func Start(f *os.File, label string, total int64) *Bar {
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	b := &Bar{label: label, total: total, start: time.Now(), stop: make(chan struct{})}
	b.ended.Add(1)
	go b.run(f)
	return b
}

// Add says that n more bytes are done. It may be called by several goroutines.
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
		humanize.IBytes(uint64(done)), humanize.IBytes(uint64(b.total)), humanize.IBytes(uint64(rate)))
}
