package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/soastore/soa"
	"github.com/soastore/soa/partition"
)

// subject says what keeps a contestant's values, and how.
type subject struct {
	Kind    string `json:"kind"` // a key of kinds, or a class of worker.py
	Dir     string `json:"dir"`  // for its files
	Data    data   `json:"data"`
	Source  string `json:"source,omitempty"` // the file with the values, for Python
	Fresh   bool   `json:"fresh,omitempty"`  // a store that keeps no files to write over
	Procs   int    `json:"procs"`            // GOMAXPROCS of each process
	Threads int    `json:"threads"`          // goroutines of a rank's sums, plain files and copies
}

// keeper is one rank's end of a subject.
type keeper interface {
	Set(key string, d *soa.Dict) error
	Get(key string) (*soa.Dict, error)
	GetField(key string, names ...string) (*soa.Dict, error)
	GetInto(key string, d *soa.Dict) error
	View(key string, names []string, fn func(*soa.Dict) error) error
	Remove(key string) error
	Close() error
}

// opened is a subject with the values that it is given and the memory it reads into.
type opened struct {
	subject
	keeper
	values []*soa.Dict
	keys   []string
	into   *soa.Dict
}

func open(p *partition.Partition, id int, s subject) (*opened, error) {
	kind, ok := kinds[s.Kind]
	if !ok {
		return nil, fmt.Errorf("there is no %q", s.Kind)
	}
	values, err := s.Data.values(p.Rank())
	if err != nil {
		return nil, err
	}
	o := &opened{subject: s, values: values, into: soa.NewDict()}
	for i := range values {
		o.keys = append(o.keys, fmt.Sprint("step_", i))
	}
	path := filepath.Join(s.Dir, fmt.Sprintf("%s-%d", s.Kind, id))
	o.keeper, err = kind(site{p, path, values[0]}, s)
	return o, err
}

// operations are what contestants are timed at, each for all of a subject's keys.
var operations = map[string]func(*opened) (total, error){
	"set":    func(o *opened) (total, error) { return o.set(0, len(o.keys)) },
	"fill":   func(o *opened) (total, error) { return o.set(0, len(o.keys)/4) },
	"spill":  func(o *opened) (total, error) { return o.set(len(o.keys)/4, len(o.keys)) },
	"get":    each(func(o *opened, key string) error { return released(o.Get(key)) }),
	"into":   each(func(o *opened, key string) error { return o.GetInto(key, o.into) }),
	"field":  each(func(o *opened, key string) error { return released(o.GetField(key, o.Data.field())) }),
	"view":   each(func(o *opened, key string) error { return o.View(key, nil, func(*soa.Dict) error { return nil }) }),
	"sum":    (*opened).sum,
	"remove": each(func(o *opened, key string) error { return o.Remove(key) }),
	"check":  (*opened).check,
}

// released gives the memory of what was read back at once, as Python does.
func released(d *soa.Dict, err error) error {
	if err == nil {
		d.Release()
	}
	return err
}

// each makes an operation of one on a single key.
func each(call func(*opened, string) error) func(*opened) (total, error) {
	return func(o *opened) (total, error) {
		for _, key := range o.keys {
			if err := call(o, key); err != nil {
				return total{}, err
			}
		}
		return total{}, nil
	}
}

// set puts the values of keys lo up to hi away.
func (o *opened) set(lo, hi int) (total, error) {
	for i := lo; i < hi; i++ {
		if err := o.Set(o.keys[i], o.values[i]); err != nil {
			return total{}, err
		}
	}
	return total{}, nil
}

// sum adds up all columns where they are.
func (o *opened) sum() (t total, err error) {
	for _, key := range o.keys {
		err := o.View(key, nil, func(d *soa.Dict) error {
			s := sum(d, o.Threads)
			t.whole += s.whole
			t.float += s.float
			return nil
		})
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

var errOther = errors.New("what was read is not what was set")

// check reads every value and compares it.
func (o *opened) check() (total, error) {
	for i, key := range o.keys {
		if err := o.GetInto(key, o.into); err != nil {
			return total{}, err
		}
		if !o.into.Equal(o.values[i]) {
			return total{}, errOther
		}
	}
	return total{}, nil
}
