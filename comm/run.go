package comm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

// Self returns a group of one rank, which may send to itself.
func Self() Comm {
	host, _ := os.Hostname()
	return newGroup(nil, []*process{{host, context.Background()}}).ends[0]
}

// A RunOption changes how [Run] makes the ranks.
type RunOption func(*runOptions)

type runOptions struct{ hosts []string }

// Hosts gives each rank the host name of its number, so that the ranks of one
// process play several machines. There are as many names as ranks. The default is
// that all ranks have this machine's name.
func Hosts(names ...string) RunOption {
	return func(o *runOptions) { o.hosts = names }
}

// Run calls fn once for each of n ranks, each in a goroutine of its own with its
// end of their group, and waits for all of them to return.
//
// When fn returns an error or panics on a rank, the group breaks, and the calls of
// the others return a *BrokenError. When it returns nil while another rank waits
// for a message that can come no more, the group breaks with the reason [ErrGone].
// The error joins one [*RankError] per failed rank, the first failure first, and
// leaves out ranks that failed only because the group was broken by another.
func Run(n int, fn func(c Comm) error, opts ...RunOption) error {
	var o runOptions
	for _, opt := range opts {
		opt(&o)
	}
	if n < 1 || o.hosts != nil && len(o.hosts) != n {
		return fmt.Errorf("comm: cannot run %d ranks with %d host names", n, len(o.hosts))
	}
	procs, ends := newProcesses(n, o.hosts)
	world := newGroup(nil, procs)
	var failed failures
	var wg sync.WaitGroup
	for rank, e := range world.ends {
		wg.Go(func() {
			defer ends[rank]()
			call(fn, e, func(err error) {
				failed.add(&RankError{Rank: rank, Host: e.Host(), Err: err})
				e.Break(err)
			})
		})
	}
	wg.Wait()
	return failed.join()
}

// newProcesses returns n ranks, and for each the function that ends it.
func newProcesses(n int, hosts []string) (procs []*process, ends []context.CancelFunc) {
	host, _ := os.Hostname()
	for rank := range n {
		if hosts != nil {
			host = hosts[rank]
		}
		ended, end := context.WithCancel(context.Background())
		procs, ends = append(procs, &process{host, ended}), append(ends, end)
	}
	return procs, ends
}

var errGoexit = errors.New("the rank's goroutine was ended by runtime.Goexit, as by the FailNow of a test")

// call calls fn and, however it ends other than by returning nil, failed.
func call(fn func(Comm) error, c Comm, failed func(error)) {
	err := errGoexit
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		if err != nil {
			failed(err)
		}
	}()
	err = fn(c)
}

// failures collects the errors of ranks, in the order in which they fail.
type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

// join joins the errors, of those that tell of the same broken group only one,
// and none if the reason is there itself.
func (f *failures) join() error {
	var kept []error
	told := map[*BrokenError]bool{}
	for _, err := range f.errs {
		var b *BrokenError
		if errors.As(err, &b) {
			if told[b] || errors.Is(errors.Join(kept...), b.Reason) {
				continue
			}
			told[b] = true
		}
		kept = append(kept, err)
	}
	return errors.Join(kept...)
}
