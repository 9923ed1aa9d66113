package soastore

import "time"

// maxAbsent is the most keys that are remembered as absent.
const maxAbsent = 10_000

// absentKeys are keys that the source did not have, each believed for the same
// time.
type absentKeys struct {
	until map[string]time.Time
	order []absentKey // the earliest first; also keys that are not in until any more
}

type absentKey struct {
	key   string
	until time.Time
}

// has reports whether key is believed to be absent.
func (a *absentKeys) has(key string, now time.Time) bool {
	until, ok := a.until[key]
	return ok && now.Before(until)
}

// add puts in key, in place of the earliest if there are too many.
func (a *absentKeys) add(key string, now, until time.Time) {
	if len(a.order) == maxAbsent {
		a.forgetFirst()
	}
	a.forget(now)
	if a.until == nil {
		a.until = map[string]time.Time{}
	}
	a.until[key] = until
	a.order = append(a.order, absentKey{key, until})
}

// remove takes key out.
func (a *absentKeys) remove(key string) { delete(a.until, key) }

// forget takes out the keys whose time is over.
func (a *absentKeys) forget(now time.Time) {
	for len(a.order) > 0 && !now.Before(a.order[0].until) {
		a.forgetFirst()
	}
}

func (a *absentKeys) forgetFirst() {
	first := a.order[0]
	a.order = a.order[1:]
	if a.until[first.key].Equal(first.until) { // else it was added again
		delete(a.until, first.key)
	}
}
