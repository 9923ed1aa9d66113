package arena_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/stretchr/testify/require"
)

// smallArena returns the name of a file with a few values, and the values.
func smallArena(t *testing.T) (name string, values map[string]*soa.Dict) {
	name = filepath.Join(memoryFolder(t), "arena")
	a, err := arena.Create(name, arena.Options{Limit: 128 << 10, Recycle: -1, Label: "rank 0 of 2"})
	require.NoError(t, err)
	values = map[string]*soa.Dict{"a": of(1, 20), "b": anyDict(), "c": of(3, 700)}
	for key, d := range values {
		set(t, a, key, "stamp", d)
	}
	set(t, a, "gone", "stamp", of(4, 5))
	c, err := a.StageRemove("gone")
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	require.NoError(t, c.Finish())
	require.NoError(t, a.Close())
	return name, values
}

// known reports whether err is of a kind that says what is wrong with a file.
func known(err error) bool {
	return errors.Is(err, arena.ErrFormat) || errors.Is(err, arena.ErrVersion) || errors.Is(err, arena.ErrChecksum)
}

// sound checks that each value that a has is the one that was written, or an error,
// and returns how many are whole.
func sound(t *testing.T, a *arena.Arena, values map[string]*soa.Dict) (whole int) {
	for _, key := range append(a.Keys(), a.Recoverable()...) {
		if key == "gone" {
			continue
		}
		require.Contains(t, values, key)
		v, err := a.Get(key)
		if err != nil {
			require.ErrorIs(t, err, arena.ErrNotFound)
			continue
		}
		d := soa.NewDict()
		if err := v.Read(t.Context(), d, nil, arena.ReadOptions{}); err != nil {
			require.True(t, known(err), err)
			var typed *arena.Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, key, typed.Key)
			require.NotZero(t, typed.Offset)
		} else {
			require.True(t, d.Equal(values[key]), key)
			whole++
		}
		require.NoError(t, v.Close())
	}
	return whole
}

// TestFlippedBits flips each bit of what an arena of a few values uses.
func TestFlippedBits(t *testing.T) {
	name, values := smallArena(t)
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	step := 1
	if testing.Short() {
		step = 17
	}
	unnoticed := 0
	flip := func(from, to, step int) {
		for i := from; i < to; i += step {
			bit := byte(1) << (i % 8)
			_, err := f.WriteAt([]byte{content[i] ^ bit}, int64(i))
			require.NoError(t, err)
			a, err := arena.Open(name, arena.Options{ReadOnly: true})
			if err != nil {
				require.True(t, known(err), "byte %d: %v", i, err)
			} else {
				err := a.Verify(t.Context())
				whole := sound(t, a, values)
				require.GreaterOrEqual(t, whole, len(values)-1, "byte %d", i)
				if err == nil {
					require.Len(t, values, whole, "byte %d: unnoticed, and a value is missing", i)
					unnoticed++
				} else {
					require.True(t, known(err), "byte %d: %v", i, err)
				}
				require.NoError(t, a.Close())
			}
			_, err = f.WriteAt(content[i:i+1], int64(i))
			require.NoError(t, err)
		}
	}
	flip(0, 200, step)
	flip(4000, 4096, step)
	require.Zero(t, unnoticed, "in the superblock")
	flip(arena.PageLen+arena.SlotLen, arena.PageLen+4*arena.SlotLen, 1)
	require.Zero(t, unnoticed, "in slots")
	flip(arena.PageLen, arena.PageLen+9*arena.SlotLen, step)
	flip(arena.FirstLen, len(content), step)
	require.NotZero(t, unnoticed, "in padding")
}

// TestCutShort opens what is left of a file that was cut at any place.
func TestCutShort(t *testing.T) {
	name, values := smallArena(t)
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	for size := len(content) - 1; size >= 0; size -= 1 + size%509 {
		if size < arena.FirstLen-600 && size > 600 {
			size -= 4096
			continue
		}
		require.NoError(t, os.WriteFile(name, content[:max(size, 0)], 0o600))
		for _, opts := range []arena.Options{{ReadOnly: true}, {}} {
			a, err := arena.Open(name, opts)
			if size < arena.FirstLen {
				require.ErrorIs(t, err, arena.ErrFormat)
				continue
			}
			require.NoError(t, err)
			whole := sound(t, a, values)
			if whole < len(values) {
				require.Error(t, a.Verify(t.Context()))
			}
			if !opts.ReadOnly {
				checkSpace(t, a)
				set(t, a, "new", "s", of(9, 900))
				require.True(t, get(t, a, "new").Equal(of(9, 900)))
				require.NoError(t, a.Sweep())
				require.NoError(t, a.Verify(t.Context()))
				checkSpace(t, a)
			}
			require.NoError(t, a.Close())
		}
	}
}

func TestForeignFiles(t *testing.T) {
	name, _ := smallArena(t)
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	for what, test := range map[string]struct {
		change func(p []byte)
		want   error
	}{
		"text":       {func(p []byte) { copy(p, "# a text file\n") }, arena.ErrFormat},
		"zeros":      {func(p []byte) { clear(p) }, arena.ErrFormat},
		"version":    {func(p []byte) { p[12]++ }, arena.ErrVersion},
		"byte order": {func(p []byte) { p[8], p[11] = p[11], p[8] }, arena.ErrFormat},
		"superblock": {func(p []byte) { p[100]++ }, arena.ErrChecksum},
		"link":       {func(p []byte) { p[arena.PageLen+60]++ }, arena.ErrChecksum},
	} {
		t.Run(what, func(t *testing.T) {
			changed := append([]byte{}, content...)
			test.change(changed)
			require.NoError(t, os.WriteFile(name, changed, 0o600))
			for _, readOnly := range []bool{false, true} {
				_, err := arena.Open(name, arena.Options{ReadOnly: readOnly})
				require.ErrorIs(t, err, test.want)
				var typed *arena.Error
				require.ErrorAs(t, err, &typed)
				require.Equal(t, name, typed.File)
			}
			got, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, changed, got, "refused, and not touched")
		})
	}
	_, err = arena.Open(t.TempDir(), arena.Options{ReadOnly: true})
	require.Error(t, err, "a folder")
}

// TestVerifyNamesWhatIsBad damages one column of each value.
func TestVerifyNamesWhatIsBad(t *testing.T) {
	name, values := smallArena(t)
	a, err := arena.Open(name, arena.Options{})
	require.NoError(t, err)
	defer a.Close()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	for key := range values {
		v, err := a.Get(key)
		require.NoError(t, err)
		for _, field := range v.Fields() {
			if field.Bytes == 0 {
				continue
			}
			last := field.Offset + field.Bytes - 1
			var p [1]byte
			_, err := f.ReadAt(p[:], last)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte{p[0] ^ 0x80}, last)
			require.NoError(t, err)

			err = a.Verify(t.Context())
			var typed *arena.Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, arena.Error{Op: "verify", File: name, Key: key, Field: field.Name, Offset: field.Offset, Err: typed.Err}, *typed)
			require.True(t, known(err))
			for _, view := range []bool{false, true} {
				into := of(7, 3)
				flags := soa.Of([]bool{true, true, true})
				into.Set("flags", flags)
				read := func(names []string, opts arena.ReadOptions) error {
					if view {
						return v.View(t.Context(), names, opts, func(*soa.Dict) error { return nil })
					}
					return v.Read(t.Context(), into, names, opts)
				}
				require.True(t, known(read(nil, arena.ReadOptions{})))
				if !view {
					require.Equal(t, []string{"x", "flags"}, into.Names(), "a failed Read leaves names, types and shapes")
					for _, b := range flags.Bytes() {
						require.LessOrEqual(t, b, byte(1), "they are Go bools")
					}
				}
				for _, other := range v.Names() {
					if other != field.Name {
						require.NoError(t, read([]string{other}, arena.ReadOptions{}))
					}
				}
				err := read([]string{field.Name}, arena.ReadOptions{Unchecked: true})
				require.Equal(t, field.DType == soa.Bool, err != nil, "a bool that is none is never handed out")
			}
			_, err = f.WriteAt(p[:], last)
			require.NoError(t, err)
			require.NoError(t, a.Verify(t.Context()))
		}
		require.NoError(t, v.Close())
	}
}
