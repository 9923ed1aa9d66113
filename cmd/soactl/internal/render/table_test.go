package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa/cmd/soactl/internal/render"
)

func TestTableAligns(t *testing.T) {
	var b strings.Builder
	table := render.NewTable(&b, render.Left("NAME"), render.Right("N"), render.Left("NOTE"))
	table.Row("a", "1", "")
	table.Row("größe", "1000", "x")
	require.NoError(t, table.Flush())
	table.Row("b", "2", "y") // columns stay as wide as they were
	require.NoError(t, table.Flush())
	require.Equal(t, "NAME      N  NOTE\na         1\ngröße  1000  x\nb         2  y\n", b.String())
}

// A name cannot give orders to the terminal.
func TestTableQuotesControlCharacters(t *testing.T) {
	var b strings.Builder
	table := render.NewTable(&b, render.Left("NAME"))
	table.Row("\x1b[2Jx\xff")
	require.NoError(t, table.Flush())
	require.Equal(t, "NAME\n\"\\x1b[2Jx\\xff\"\n", b.String())
}
