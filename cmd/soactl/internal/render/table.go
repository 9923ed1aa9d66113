package render

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Table writes rows of text in aligned columns, under a head. It can be flushed
// again and again: columns then grow but never shrink, so that a table of any
// length takes little memory.
type Table struct {
	w       io.Writer
	head    table.Row
	columns []table.ColumnConfig
	rows    []table.Row
	started bool
}

// Column is a column of a Table.
type Column struct {
	head  string
	align text.Align
}

// Left and Right return a column of each alignment; numbers are aligned on the
// right.
func Left(head string) Column  { return Column{head, text.AlignLeft} }
func Right(head string) Column { return Column{head, text.AlignRight} }

// NewTable returns a Table that is written to w.
func NewTable(w io.Writer, columns ...Column) *Table {
	t := &Table{w: w}
	for i, c := range columns {
		t.columns = append(t.columns, table.ColumnConfig{Number: i + 1, Align: c.align, AlignHeader: c.align})
		t.head = append(t.head, t.cell(i, c.head))
	}
	return t
}

// Row adds a row with a cell for each column.
func (t *Table) Row(cells ...string) {
	row := make(table.Row, len(cells))
	for i, cell := range cells {
		row[i] = t.cell(i, cell)
	}
	t.rows = append(t.rows, row)
}

// cell returns what is printed of a cell of the i-th column, which becomes wide
// enough for it.
func (t *Table) cell(i int, cell string) string {
	cell = Printable(cell)
	t.columns[i].WidthMin = max(t.columns[i].WidthMin, text.StringWidthWithoutEscSequences(cell))
	return cell
}

// Len returns the number of rows since the last Flush.
func (t *Table) Len() int { return len(t.rows) }

// Flush writes the rows, the first time under the head.
func (t *Table) Flush() error {
	p := table.NewWriter()
	p.SetStyle(plain)
	p.SuppressTrailingSpaces()
	p.SetColumnConfigs(t.columns)
	if !t.started {
		t.started = true
		p.AppendHeader(t.head)
	} else if len(t.rows) == 0 {
		return nil
	}
	p.AppendRows(t.rows)
	t.rows = t.rows[:0]
	_, err := io.WriteString(t.w, p.Render()+"\n")
	return err
}

// plain is columns with two spaces between them, and no lines.
var plain = table.Style{Box: table.BoxStyle{PaddingRight: "  "}}

// Printable returns s as it is or, if it has control characters that a terminal
// would obey, quoted: names come from files.
func Printable(s string) string {
	odd := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.ContainsFunc(s, odd) {
		return strconv.QuoteToGraphic(s)
	}
	return s
}
