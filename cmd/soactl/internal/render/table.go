package render

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Column is a column of a Table.
type Column struct {
	Head  string
	Right bool // numbers are aligned on the right
	width int
}

// Left and Right return a column of each alignment.
func Left(head string) Column  { return Column{Head: head} }
func Right(head string) Column { return Column{Head: head, Right: true} }

// Table writes rows of text in aligned columns. It can be flushed again and
// again: columns then grow but never shrink, so that a table of any length takes
// little memory.
type Table struct {
	w       io.Writer
	columns []Column
	rows    [][]string
	started bool
}

// NewTable returns a Table that is written to w.
func NewTable(w io.Writer, columns ...Column) *Table { return &Table{w: w, columns: columns} }

// Row adds a row with a cell for each column.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Len returns the number of rows since the last Flush.
func (t *Table) Len() int { return len(t.rows) }

// Flush writes the rows, the first time under a head.
func (t *Table) Flush() error {
	if !t.started {
		t.started = true
		head := make([]string, len(t.columns))
		for i, c := range t.columns {
			head[i] = c.Head
		}
		t.rows = append([][]string{head}, t.rows...)
	}
	for _, row := range t.rows {
		for i := range row {
			row[i] = Printable(row[i])
			t.columns[i].width = max(t.columns[i].width, utf8.RuneCountInString(row[i]))
		}
	}
	out := bufio.NewWriter(t.w)
	for _, row := range t.rows {
		out.WriteString(t.line(row))
	}
	t.rows = t.rows[:0]
	return out.Flush()
}

// line returns a row with its columns aligned and no spaces at the end.
func (t *Table) line(row []string) string {
	var b strings.Builder
	for i, cell := range row {
		pad := strings.Repeat(" ", t.columns[i].width-utf8.RuneCountInString(cell))
		if t.columns[i].Right {
			cell, pad = pad+cell, ""
		}
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(cell + pad)
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// Printable returns s as it is or, if it has control characters that a terminal
// would obey, quoted: names come from files.
func Printable(s string) string {
	odd := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.ContainsFunc(s, odd) {
		return strconv.QuoteToGraphic(s)
	}
	return s
}
