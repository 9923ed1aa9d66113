package genericio_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
	"github.com/soastore/soa/internal/testkit"
)

// cblosc decodes blocks: argv has, as JSON, for each block the file, offset and size,
// and the file of what it holds.
const cblosc = `
import json, sys
try:
    import blosc
except ImportError:
    sys.exit(print("no blosc"))
for b in json.loads(sys.argv[1]):
    f = open(b["File"], "rb")
    f.seek(b["Offset"] + 8)
    chunk = f.read(b["Size"] - 8)
    assert blosc.get_cbuffer_sizes(chunk)[1] == len(chunk)
    assert blosc.decompress(chunk) == open(b["Rows"], "rb").read(), b
print("equal")
`

type judged struct {
	File, Rows   string
	Offset, Size int64
}

// c-blosc decodes the chunks of every compressor and shuffle.
func TestCBloscDecodesTheChunks(t *testing.T) {
	d := soa.NewDict()
	d.Set("ramp", ramp(200_000))
	d.Set("pos", soa.Shaped(make([]float32, 3*200_000), 200_000, 3))
	d.Set("flag", column(200_000, func(i int) int16 { return int16(i % 7) }))
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, data, 0o600))
		return name
	}
	rows := map[string]string{}
	for name, a := range d.All() {
		rows[name] = file(name, a.Bytes())
	}
	var blocks []judged
	for _, c := range compressors {
		for _, s := range shuffles {
			f := write(t, []*soa.Dict{d}, func(int) genericio.Spec {
				return genericio.Spec{Compress: &genericio.Compression{Inner: c, Shuffle: s}}
			})
			name, r := file(fmt.Sprintf("%v-%d", c, s), f.data), f.reader(t)
			names := filtered(r, 0)
			require.Contains(t, names, "flag")
			for _, variable := range names {
				v, _ := r.Variable(variable)
				b := r.Block(0, v)
				blocks = append(blocks, judged{name, rows[variable], b.Offset, b.Size})
			}
		}
	}
	list, err := json.Marshal(blocks)
	require.NoError(t, err)
	out := strings.TrimSpace(testkit.Python(t, cblosc, string(list)))
	if out == "no blosc" {
		testkit.Missing(t, "python3-blosc")
	}
	require.Equal(t, "equal", out)
}
