package soastore

import (
	"fmt"
	"regexp"

	"github.com/soastore/soa/soastore/internal/tier"
)

// byKey returns an error of tiers with the keys of values in its text, where tiers
// know only IDs.
func byKey(err error) error {
	if err == nil {
		return nil
	}
	return keyedError{err}
}

type keyedError struct{ error }

// quotedID is what errors of tiers call a value; see newID.
var quotedID = regexp.MustCompile(`(value "(?:[^"\\]|\\.)*)\.\d+-\d+"`)

func (e keyedError) Error() string { return quotedID.ReplaceAllString(e.error.Error(), `$1"`) }

func (e keyedError) Unwrap() error { return e.error }

// about returns an error of tiers without the ID of the value that a call is about,
// since its caller names the key.
func about(id string, err error) error {
	if e, ok := err.(*tier.Error); ok && e.ID == id {
		err = inField(e.Field, e.Err)
	}
	return byKey(err)
}

// ofBelow returns an error of a store below without the call and the ID that it
// names: those are not the caller's.
func ofBelow(err error) error {
	if e, ok := err.(*Error); ok {
		return inField(e.Field, e.Err)
	}
	return err
}

func inField(field string, err error) error {
	if field == "" {
		return err
	}
	return fmt.Errorf("field %q: %w", field, err)
}
