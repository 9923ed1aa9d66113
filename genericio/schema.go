package genericio

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/soastore/soa/comm"
)

// A SchemaError says what the ranks that write one file do not agree on. It is
// equal on all of them, and a comm.ErrSchema.
type SchemaError struct {
	Field string // the variable's name, or "" for a field of Spec
	Have  string // what the ranks have
	Ranks []int  // those that have it
	Want  string // what rank 0 has
}

func (e *SchemaError) Error() string {
	what := "they"
	if e.Field != "" {
		what = fmt.Sprintf("field %q", e.Field)
	}
	return fmt.Sprintf("genericio: ranks %v of the file differ from rank 0: %s: %s instead of %s", e.Ranks, what, e.Have, e.Want)
}

// Unwrap returns comm.ErrSchema.
func (e *SchemaError) Unwrap() error { return comm.ErrSchema }

// absent stands for a variable that a rank does not have.
const absent = "nothing"

// schema returns what must be the same on all ranks of a file: the parts of spec
// under "", and each variable under its name.
func schema(spec *Spec, vars []Variable) map[string]string {
	m := map[string]string{"": fmt.Sprintf("dims %v, origin %v, scale %v, align %d, blocks %v, compression %v",
		spec.Place.Dims, spec.PhysOrigin, spec.PhysScale, spec.Align, spec.hasBlocks(), spec.Compress)}
	for _, v := range vars {
		m[v.Name] = fmt.Sprintf("%d of %v, flags %#x", v.Elements, v.DType, uint64(v.Flags))
	}
	return m
}

// flatten writes a schema so that it can be hashed and sent: names, in order, and
// what is under them by turns, each with a NUL behind it, which neither contains.
func flatten(schema map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		b.WriteString(name + "\x00" + schema[name] + "\x00")
	}
	return b.String()
}

func unflatten(text string) map[string]string {
	m := map[string]string{}
	for parts := strings.Split(text, "\x00"); len(parts) >= 2; parts = parts[2:] {
		m[parts[0]] = parts[1]
	}
	return m
}

// digest returns four words that differ for different strings.
func digest(s string) (words [4]uint64) {
	h := sha256.Sum256([]byte(s))
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(h[8*i:])
	}
	return words
}

// schemaError finds what the ranks differ in, after they found that they do.
// Collective.
func schemaError(ctx context.Context, c comm.Comm, mine map[string]string) error {
	texts, err := comm.Allgather(ctx, c, []byte(flatten(mine)))
	if err != nil {
		return err
	}
	all := make([]map[string]string, len(texts))
	fields := map[string]string{}
	for rank, text := range texts {
		all[rank] = unflatten(string(text))
		maps.Copy(fields, all[rank])
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if e := differing(all, name); e != nil {
			return e
		}
	}
	return fmt.Errorf("genericio: %w", comm.ErrSchema)
}

// differing returns the error for one field, nil if all ranks have the same.
func differing(all []map[string]string, name string) error {
	e := &SchemaError{Field: name, Want: cmp.Or(all[0][name], absent)}
	for rank, schema := range all {
		have := cmp.Or(schema[name], absent)
		if have == e.Want || e.Ranks != nil && have != e.Have {
			continue
		}
		e.Have, e.Ranks = have, append(e.Ranks, rank)
	}
	if e.Ranks == nil {
		return nil
	}
	return e
}
