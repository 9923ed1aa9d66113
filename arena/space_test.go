package arena

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// pages is what a space means: for each page of the file 'u'sed, 'f'ree or 'h'ole.
func (s *space) pages(t require.TestingT) []byte {
	out := make([]byte, s.end/page)
	for i := range out {
		out[i] = 'u'
	}
	var free, holes int64
	for i, p := range s.spans {
		require.Positive(t, p.len)
		require.LessOrEqual(t, p.end(), s.end)
		if i > 0 {
			before := s.spans[i-1]
			require.LessOrEqual(t, before.end(), p.off)
			require.False(t, before.end() == p.off && before.hole == p.hole, "%v could be joined", s.spans)
		}
		kind := byte('f')
		if p.hole {
			kind = 'h'
			holes += p.len
		} else {
			free += p.len
		}
		for at := p.off; at < p.end(); at += page {
			out[at/page] = kind
		}
	}
	require.Equal(t, free, s.free)
	require.Equal(t, holes, s.holes)
	return out
}

// spaceModel is a space and what it should be, page by page.
type spaceModel struct {
	space
	want []byte
}

func (m *spaceModel) set(off, end int64, kind byte) {
	for off < end {
		m.want[off/page] = kind
		off += page
	}
}

// runs calls fn with each run of pages that ok holds for.
func (m *spaceModel) runs(ok func(kind byte) bool, fn func(at, n int64)) {
	for i := 0; i < len(m.want); i++ {
		j := i
		for j < len(m.want) && ok(m.want[j]) {
			j++
		}
		if j > i {
			fn(int64(i)*page, int64(j-i)*page)
			i = j
		}
	}
}

func (m *spaceModel) best(n int64, ok func(kind byte) bool) (at int64, found bool) {
	size := int64(0)
	m.runs(ok, func(off, have int64) {
		if have >= n && (!found || have < size) {
			at, size, found = off, have, true
		}
	})
	return at, found
}

func (m *spaceModel) checkHoles(t *rapid.T, off, end int64, holes []span) {
	var got []byte
	for range (end - off) / page {
		got = append(got, 'f')
	}
	for _, h := range holes {
		for at := h.off; at < h.end(); at += page {
			got[(at-off)/page] = 'h'
		}
	}
	require.Equal(t, string(m.want[off/page:end/page]), string(got))
}

func isFree(kind byte) bool   { return kind == 'f' }
func isUnused(kind byte) bool { return kind != 'u' }

func TestSpaceModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &spaceModel{}
		pages := rapid.Int64Range(1, 5)
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { require.Equal(t, string(m.want), string(m.pages(t))) },
			"take": func(t *rapid.T) {
				n := pages.Draw(t, "n") * page
				want, wantOK := m.best(n, isFree)
				off, ok := m.take(n)
				require.Equal(t, wantOK, ok)
				if ok {
					require.Equal(t, want, off)
					m.set(off, off+n, 'u')
				}
			},
			"takeRun": func(t *rapid.T) {
				n, extra := pages.Draw(t, "n")*page, rapid.Int64Range(0, 9).Draw(t, "extra")*page
				want, wantOK := m.best(n, isUnused)
				got, holes, ok := m.takeRun(n, extra)
				require.Equal(t, wantOK, ok)
				if ok {
					require.Equal(t, want, got.off)
					end := got.off
					for end < got.off+n+extra && end/page < int64(len(m.want)) && isUnused(m.want[end/page]) {
						end += page
					}
					require.Equal(t, end, got.end())
					m.checkHoles(t, got.off, end, holes)
					m.set(got.off, end, 'u')
				}
			},
			"takeEnd": func(t *rapid.T) {
				n, extra := pages.Draw(t, "n")*page, rapid.Int64Range(0, 9).Draw(t, "extra")*page
				for i := len(m.want); i > 0 && isUnused(m.want[i-1]); i-- {
					n += page // callers do so only if what is at the end is too short
				}
				old := m.end
				off, holes := m.takeEnd(n, extra)
				for int64(len(m.want))*page < off+n+extra {
					m.want = append(m.want, 'h')
				}
				require.True(t, off <= old)
				m.checkHoles(t, off, off+n+extra, holes)
				m.set(off, m.end, 'u')
				if rapid.Bool().Draw(t, "back") {
					m.giveBack(off, m.end, holes)
					for _, h := range holes {
						m.set(off, h.off, 'f')
						m.set(h.off, h.end(), 'h')
						off = h.end()
					}
				}
			},
			"give": func(t *rapid.T) {
				var used []int64
				m.runs(func(kind byte) bool { return kind == 'u' }, func(at, n int64) {
					for ; n > 0; n -= page {
						used = append(used, at)
						at += page
					}
				})
				if len(used) == 0 {
					t.Skip("nothing used")
				}
				p := span{off: rapid.SampledFrom(used).Draw(t, "at"), len: page, hole: rapid.Bool().Draw(t, "hole")}
				m.give(p)
				m.set(p.off, p.end(), map[bool]byte{false: 'f', true: 'h'}[p.hole])
			},
			"last": func(t *rapid.T) {
				n := pages.Draw(t, "n") * page
				p, ok := m.last(n)
				at, size := int64(-1), int64(0)
				m.runs(isFree, func(off, have int64) { at, size = off+have, have })
				require.Equal(t, at >= 0, ok)
				if ok {
					require.Equal(t, span{off: at - min(n, size), len: min(n, size)}, p)
					m.set(p.off, p.end(), 'u')
				}
			},
			"cut": func(t *rapid.T) {
				had := m.cut()
				n := len(m.want)
				for n > 0 && m.want[n-1] == 'h' {
					n--
				}
				require.Equal(t, n < len(m.want), had)
				m.want = m.want[:n]
			},
		})
	})
}
