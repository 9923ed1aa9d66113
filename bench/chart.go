package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// chart shows tables of one unit as bars, one above the other.
type chart struct {
	title, file string
	unit        unit
	tables      []table
}

// charts returns a chart for each unit that the section's figures are in.
func (s section) charts() (out []chart) {
	for u := gigabytes; u <= milliseconds; u++ {
		c := chart{title: fmt.Sprintf("%s, %s", s.name, u), unit: u}
		for _, t := range s.tables {
			if t.unit == u {
				c.tables = append(c.tables, t)
			}
		}
		c.file = fileName(s.name) + "-" + [...]string{"rate", "us", "ms"}[u] + ".svg"
		if len(c.bars()) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// fileName returns the letters and digits of a heading, joined by "-".
func fileName(heading string) string {
	words := strings.FieldsFunc(strings.ToLower(heading), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}

// bar is one line of a chart: a contestant's, or the title of a table without one.
type bar struct {
	label string
	row   *row
}

// bars returns the lines from the top.
func (c chart) bars() (out []bar) {
	for _, t := range c.tables {
		var rows []bar
		for i, r := range t.rows {
			if r.spread.median > 0 {
				rows = append(rows, bar{r.name, &t.rows[i]})
			}
		}
		if len(rows) > 0 {
			out = append(append(out, bar{label: t.title}), rows...)
		}
	}
	return out
}

// colors of the bars, by side.
var colors = [...]color.Color{
	store: color.RGBA{0x2b, 0x6c, 0xb0, 0xff},
	plain: color.RGBA{0xe3, 0xb3, 0x4d, 0xff},
	peer:  color.RGBA{0xb8, 0xbe, 0xc8, 0xff},
}

var ink = color.RGBA{0x20, 0x24, 0x2c, 0xff}

// sans is the font of all text.
var sans = font.Font{Typeface: "Liberation", Variant: "Sans", Size: 9}

const (
	chartWidth = 760 // points
	lineHeight = 17
	margin     = 8
)

// write draws the chart into an SVG file.
func (c chart) write(name string) error {
	bars := c.bars()
	p := plot.New()
	for _, style := range []*draw.TextStyle{&p.X.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		style.Font = sans
	}
	p.BackgroundColor = color.White
	p.X.Label.Text = c.unit.String()
	p.X.Min, p.X.Max = c.axis(bars)
	if c.logarithmic() {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	p.Y.Min, p.Y.Max = -0.5, float64(len(bars))-0.5
	p.Y.LineStyle.Width, p.Y.Tick.Length = 0, 0
	p.Y.Tick.Marker = plot.ConstantTicks(labels(bars))
	p.Add(drawn{bars, p.X.Min})
	height := vg.Length(lineHeight*len(bars) + 50 + 2*margin)
	canvas := vgsvg.New(chartWidth, height)
	p.Draw(draw.Crop(draw.New(canvas), margin, -margin, margin, -margin))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return err
	}
	named := []byte("font-family:Liberation Sans") // which browsers may lack
	return os.WriteFile(name, bytes.ReplaceAll(svg.Bytes(), named, append(named, ",Arial,sans-serif"...)), 0o666)
}

// logarithmic reports whether bars would else be too short to be seen.
func (c chart) logarithmic() bool { return c.unit != gigabytes }

// axis returns the ends of the axis of figures.
func (c chart) axis(bars []bar) (least, most float64) {
	least = math.Inf(1)
	for _, b := range bars {
		if b.row != nil {
			least, most = min(least, b.row.spread.min), max(most, b.row.spread.max)
		}
	}
	if c.logarithmic() {
		return least / 3, most * 3
	}
	return 0, most * 1.12 // room for the number
}

// labels names the bars, the first at the top.
func labels(bars []bar) (ticks []plot.Tick) {
	for i, b := range bars {
		if b.row != nil {
			ticks = append(ticks, plot.Tick{Value: float64(len(bars) - 1 - i), Label: b.label})
		}
	}
	return ticks
}

// drawn draws bars as the plot's content: up to the median, with a line from the
// least to the most and the median as a number.
type drawn struct {
	bars []bar
	base float64
}

func (d drawn) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	text := draw.TextStyle{Color: ink, Font: sans, XAlign: draw.XLeft, YAlign: draw.YCenter, Handler: p.TextHandler}
	for i, b := range d.bars {
		middle := y(float64(len(d.bars) - 1 - i))
		if b.row == nil {
			bold := text
			bold.Font.Weight = 2
			c.FillText(bold, vg.Point{X: x(d.base), Y: middle}, b.label)
			continue
		}
		s := b.row.spread
		low, high := middle-0.36*lineHeight, middle+0.36*lineHeight
		c.FillPolygon(colors[b.row.side], []vg.Point{{X: x(d.base), Y: low}, {X: x(s.median), Y: low}, {X: x(s.median), Y: high}, {X: x(d.base), Y: high}})
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1}, x(s.min), middle, x(s.max), middle)
		c.FillText(text, vg.Point{X: x(s.max) + 4, Y: middle}, number3(s.median))
	}
}
