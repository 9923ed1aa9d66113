package main

import (
	"sync"

	"github.com/soastore/soa"
)

// copies keeps values in memory that is there already: what a copy alone costs.
type copies struct {
	threads int
	kept    map[string]*soa.Dict
}

func (c *copies) Set(key string, d *soa.Dict) error {
	to := c.kept[key]
	if to == nil {
		to = d.Clone()
		c.kept[key] = to
	}
	copyAll(to, d, c.threads)
	return nil
}

func (c *copies) GetInto(key string, d *soa.Dict) error {
	from := c.kept[key]
	shape(d, from)
	copyAll(d, from, c.threads)
	return nil
}

// copyAll copies columns between two values of one shape.
func copyAll(to, from *soa.Dict, goroutines int) {
	parts := cut(from, goroutines)
	into := cut(to, goroutines)
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() {
			for i, r := range parts[p] {
				copy(into[p][i].bytes, r.bytes)
			}
		})
	}
	wg.Wait()
}

func (c *copies) View(key string, _ []string, fn func(*soa.Dict) error) error {
	return fn(c.kept[key])
}
func (c *copies) Remove(key string) error { delete(c.kept, key); return nil }
func (c *copies) Close() error            { return nil }

func (c *copies) Get(string) (*soa.Dict, error)                 { return nil, errNone }
func (c *copies) GetField(string, ...string) (*soa.Dict, error) { return nil, errNone }
