package soastore_test

import (
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/soastore"
	"github.com/soastore/soa/soastore/storetest"
	"github.com/stretchr/testify/require"
)

// raceEnabled says that the race detector is on, with which memory that is kept for
// the next call is lost now and then.
var raceEnabled bool

// What is read is not disturbed by later reads, which use the memory of readers again,
// nor by those that fail.
func TestReadersAreUsedAgain(t *testing.T) {
	recycling(t, func(t *testing.T, _ string, open func(soastore.Options) storetest.Store) {
		s := open(soastore.Options{})
		for key, d := range map[string]*soa.Dict{"one": column(1, 10), "large": column(3, 50_000)} {
			require.NoError(t, s.Set(key, d))
		}
		one, err := s.Get("one")
		require.NoError(t, err)
		for range 3 {
			_, missing := s.GetField("one", "z")
			requireValue(t, s, "large", column(3, 50_000))
			var field *soa.FieldError
			require.ErrorAs(t, missing, &field)
			require.Equal(t, []string{"x"}, field.Have)
			require.True(t, column(1, 10).Equal(one))
			into := column(9, 10)
			require.NoError(t, s.GetInto("one", into))
			require.True(t, one.Equal(into))
		}
		require.NoError(t, s.Close())
	})
}

// GetInto makes a Dict what the value is, whatever fields it had.
func TestGetIntoDictsOfOtherFields(t *testing.T) {
	recycling(t, func(t *testing.T, _ string, open func(soastore.Options) storetest.Store) {
		s := open(soastore.Options{})
		want := soa.NewDict()
		for i, name := range []string{"x", "y"} {
			want.Set(name, soa.Of([]int64{int64(i), 5}))
		}
		require.NoError(t, s.Set("k", want))
		for _, names := range [][]string{nil, {"x"}, {"x", "y"}, {"y", "x"}, {"x", "y", "z"}, {"z"}} {
			into := soa.NewDict()
			for _, name := range names {
				into.Set(name, soa.Of(make([]int64, 2)))
			}
			require.NoError(t, s.GetInto("k", into))
			require.True(t, want.Equal(into), names)
		}
		require.NoError(t, s.Close())
	})
}

// A View whose function panics leaves no file open and nothing mapped.
func TestViewThatPanics(t *testing.T) {
	recycling(t, func(t *testing.T, _ string, open func(soastore.Options) storetest.Store) {
		s := open(soastore.Options{})
		require.NoError(t, s.Set("k", column(1, 50)))
		require.PanicsWithValue(t, "mine", func() {
			s.View("k", nil, func(*soa.Dict) error { panic("mine") })
		})
		require.NoError(t, s.Set("k", column(2, 50)))
		requireValue(t, s, "k", column(2, 50))
		require.NoError(t, s.Close())
	})
}

// Small values allocate little, however many columns there are.
func TestFewAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools lose memory")
	}
	for _, kind := range storetest.Kinds {
		if kind.Varied || kind.Tiered && kind.Files {
			continue // codecs need some, and moving columns between tiers
		}
		t.Run(kind.Name, func(t *testing.T) {
			dir := t.TempDir()
			s := openAlone(t, kind, dir, soastore.Options{})
			defer func() { require.NoError(t, s.Close()) }()
			if kind.Recycles {
				needLeases(t, s, dir)
			}
			d, into := tiny(), soa.NewDict()
			set := func() { require.NoError(t, s.Set("k", d)) }
			get := func() { require.NoError(t, s.GetInto("k", into)) }
			set()
			set()
			get()
			require.LessOrEqual(t, testing.AllocsPerRun(50, set), 9.0, "Set")
			require.LessOrEqual(t, testing.AllocsPerRun(50, get), 5.0, "GetInto")
		})
	}
}
