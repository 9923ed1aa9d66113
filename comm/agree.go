package comm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
)

// A Vote is what one rank brings to [Agree].
type Vote struct {
	Op     string // what the ranks do together, such as "Set"
	Key    string // what they do it to
	Seq    uint64 // the caller's count of its collective calls, or 0
	Schema string // what must be the same on all ranks besides, such as field names and types
	Err    error  // why this rank cannot, or nil
}

var (
	// ErrOrder is the kind of a failure of Agree by which a rank called something
	// else than rank 0.
	ErrOrder = errors.New("called something else")
	// ErrSchema is the kind of a failure of Agree by which a rank's schema is
	// another one than rank 0's.
	ErrSchema = errors.New("another schema")
)

// Agree returns nil on every rank if all ranks give the same Op, Key, Seq and
// Schema, and no Err. Else it returns on every rank, those that failed included,
// an equal *[AgreementError]. Failed ranks are the ones with an Err, and those that
// give something else than rank 0.
//
// errors.Is finds in it, on every rank, those of the sentinels that it finds in
// the Err of a rank, and context.Canceled and context.DeadlineExceeded. Of an Err
// nothing else travels but its text. All ranks give the same sentinels in the same
// order.
//
// Agree is collective. A rank whose context has ended tells the others so by
// an Err and a context that has not, as from context.WithoutCancel; with one that
// has, the group breaks.
func Agree(ctx context.Context, c Comm, v Vote, sentinels ...error) error {
	o := begin(ctx, c, kindAgree)
	agreed, err := o.agreeFast(v)
	if err != nil || agreed {
		return err
	}
	return o.agreeSlow(v, append([]error{context.Canceled, context.DeadlineExceeded}, sentinels...))
}

// agreeFast reports whether all ranks vote alike. It exchanges a record that has
// the same size for any vote and any number of ranks:
//
//	 0  [16]byte  hash of Op, Key and Seq
//	16  [16]byte  hash of Schema
//	32  u8        1 if a rank that this one has heard of failed, or differs
func (o op) agreeFast(v Vote) (bool, error) {
	var mine [33]byte
	copy(mine[:], hash(v.call()...))
	copy(mine[16:], hash(v.Schema))
	if v.Err != nil {
		mine[32] = 1
	}
	err := o.rounds(
		func(int) []byte { return mine[:] },
		func(_ int, its []byte) error {
			if !bytes.Equal(mine[:], its) {
				mine[32] = 1
			}
			return nil
		})
	return mine[32] == 0, err
}

// call returns what identifies the call that v is about.
func (v Vote) call() []string { return []string{v.Op, v.Key, fmt.Sprint(v.Seq)} }

// hash returns 16 bytes that differ for different lists of strings.
func hash(list ...string) []byte {
	h := sha256.New()
	for _, s := range list {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	return h.Sum(nil)[:16]
}

// A ballot is a vote as it goes to the other ranks.
type ballot struct {
	Host, Op, Key, Schema string
	Seq                   uint64
	Failed                bool
	Text                  string // of Err
	Kinds                 []int  // the sentinels that Err is
}

// agreeSlow tells all ranks all votes. Every rank judges them alike.
func (o op) agreeSlow(v Vote, sentinels []error) error {
	b := ballot{Host: o.c.Host(), Op: v.Op, Key: v.Key, Schema: v.Schema, Seq: v.Seq, Failed: v.Err != nil}
	if b.Failed {
		b.Text = v.Err.Error()
	}
	for i, kind := range sentinels {
		if errors.Is(v.Err, kind) {
			b.Kinds = append(b.Kinds, i)
		}
	}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(b); err != nil {
		return o.fail(err)
	}
	all, err := o.allgatherBytes(text.Bytes())
	if err != nil {
		return err
	}
	ballots := make([]ballot, len(all))
	for rank, b := range all {
		if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&ballots[rank]); err != nil {
			return o.fail(fmt.Errorf("comm: vote of rank %d: %w", rank, err))
		}
	}
	return judge(ballots, sentinels)
}

// judge returns the *AgreementError of ballots that do not agree.
func judge(ballots []ballot, sentinels []error) error {
	first := &ballots[0]
	result := &AgreementError{Op: first.Op, Key: first.Key}
	for rank := range ballots {
		b := &ballots[rank]
		var err error
		switch {
		case b.Op != first.Op || b.Key != first.Key || b.Seq != first.Seq:
			err = &remoteError{fmt.Sprintf("called %v instead of %v", b, first), []error{ErrOrder}}
			if b.Failed {
				err = errors.Join(err, b.err(sentinels))
			}
		case b.Failed:
			err = b.err(sentinels)
		case b.Schema != first.Schema:
			err = &remoteError{fmt.Sprintf("has the schema %s where rank 0 has %s", brief(b.Schema), brief(first.Schema)), []error{ErrSchema}}
		default:
			continue
		}
		result.Failures = append(result.Failures, RankError{rank, b.Host, err})
	}
	return result
}

// String returns the call that the ballot is about.
func (b *ballot) String() string { return fmt.Sprintf("%s %q as its call %d", b.Op, b.Key, b.Seq) }

// err returns the error of a failed rank.
func (b *ballot) err(sentinels []error) error {
	e := &remoteError{text: b.Text}
	for _, i := range b.Kinds {
		if i < len(sentinels) {
			e.kinds = append(e.kinds, sentinels[i])
		}
	}
	return e
}

// A remoteError is the error of a rank, as every rank knows it.
type remoteError struct {
	text  string
	kinds []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.kinds }
