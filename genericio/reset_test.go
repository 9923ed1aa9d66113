package genericio_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/soastore/soa"
	"github.com/soastore/soa/genericio"
)

// TestReset reads one file after another with one Reader, damaged ones among them, as
// a new Reader of each does.
func TestReset(t *testing.T) {
	var files [][]byte
	for _, f := range fixtures {
		if f.file != "parts.gio" { // a rank map: a dataset's
			files = append(files, load(t, f.file))
		}
	}
	aligned := write(t, []*soa.Dict{fixtureNamed(t, "plain.gio").want(0)}, func(int) genericio.Spec { return genericio.Spec{Align: 64} })
	files = append(files, aligned.data)
	rapid.Check(t, func(t *rapid.T) {
		var r genericio.Reader
		for range rapid.IntRange(1, 6).Draw(t, "files") {
			data := bytes.Clone(rapid.SampledFrom(files).Draw(t, "file"))
			switch rapid.IntRange(0, 3).Draw(t, "damage") {
			case 0:
				data[rapid.IntRange(0, len(data)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			case 1:
				data = data[:rapid.IntRange(0, len(data)).Draw(t, "cut")]
			}
			want, wantErr := newReader(data)
			err := r.Reset(bytes.NewReader(data), int64(len(data)), genericio.ReadOptions{})
			requireSameError(t, wantErr, err)
			if err != nil {
				continue
			}
			require.Equal(t, want.Header(), r.Header())
			for rank := range want.Header().Ranks {
				a, b := soa.NewDict(), soa.NewDict()
				requireSameError(t, want.ReadRank(ctx, rank, a), r.ReadRank(ctx, rank, b))
				require.True(t, a.Equal(b))
			}
		}
	})
}

func requireSameError(t require.TestingT, want, have error) {
	if want == nil {
		require.NoError(t, have)
		return
	}
	require.EqualError(t, have, want.Error())
}
