package main

import (
	"cmp"
	"fmt"
)

// table is what a contest, or a part of one, came to.
type table struct {
	section, title string
	unit           unit
	rows           []row
}

// row is one contestant's line of a table.
type row struct {
	name   string
	side   side
	note   string
	spread spread // zero if it took no part
	ratios []ratio
}

// ratio is how many times as fast as a peer a contestant is.
type ratio struct {
	goal
	times float64
	limit float64 // what it would be without a store; 0 if that was not measured
}

func (r ratio) met() bool { return r.times >= r.least }

// tables returns a table for each part of a contest that was held.
func (c *contest) tables(all []*contestant) (out []table) {
	parts := c.parts
	if parts == nil {
		parts = []string{""}
	}
	for part, name := range parts {
		t := table{section: c.section, title: c.title, unit: c.unit}
		if name != "" {
			t.title += ": " + name
		}
		for _, one := range all {
			r := row{name: one.name, side: one.side, note: one.note}
			if one.rounds() > 0 {
				r.spread = one.spread(c.unit, part)
			}
			t.rows = append(t.rows, r)
		}
		t.compare(c, c.aim == "" || c.aim == name)
		out = append(out, t)
	}
	return out
}

// spread returns what the figures of a part come to.
func (c *contestant) spread(u unit, part int) spread {
	var figures []float64
	for _, s := range c.seconds[part] {
		figures = append(figures, u.of(c.amounts[part], s))
	}
	return spreadOf(figures)
}

// compare adds the ratios between contestants that both took part, and what is aimed
// at if that concerns this part.
func (t *table) compare(c *contest, aimed bool) {
	for _, g := range c.goals {
		if !aimed {
			g.least = 0
		}
		ours := t.row(g.ours)
		r := ratio{g, t.faster(g.ours, g.peer), 0}
		if alone, ok := c.limits[g.ours]; ok {
			r.limit = t.faster(alone, cmp.Or(c.limits[g.peer], g.peer))
		}
		if r.times > 0 {
			ours.ratios = append(ours.ratios, r)
		}
	}
	for name, figure := range c.atMost {
		r := t.row(name)
		g := goal{name, fmt.Sprint(figure, " ", t.unit), 1}
		r.ratios = append(r.ratios, ratio{g, t.unit.faster(r.spread.median, figure), 0})
		if alone, ok := c.limits[name]; ok {
			r.ratios[len(r.ratios)-1].limit = t.unit.faster(t.row(alone).spread.median, figure)
		}
	}
}

// faster returns how many times as fast a is as b, 0 if one of them took no part.
func (t *table) faster(a, b string) float64 {
	x, y := t.row(a).spread.median, t.row(b).spread.median
	if x == 0 || y == 0 {
		return 0
	}
	return t.unit.faster(x, y)
}

// row returns the row of that name, which the table of contests makes sure of.
func (t *table) row(name string) *row {
	for i := range t.rows {
		if t.rows[i].name == name {
			return &t.rows[i]
		}
	}
	panic(fmt.Sprintf("%s: no contestant %q", t.title, name))
}
