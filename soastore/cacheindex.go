package soastore

import (
	"container/list"
	"time"
)

// cacheIndex is what a cache store holds, in the order of use.
type cacheIndex struct {
	values map[string]*cachedValue
	order  list.List // of *cachedValue, the least recently used first
	size   int64     // of all values
	expiry time.Time // no live value is too old before; zero if none ever is
}

// cachedValue is one value in a cache store.
type cachedValue struct {
	key      string
	size     int64     // bytes of elements
	since    time.Time // the source had it then
	deadline time.Time // from then on it is too old; zero for never
	live     bool      // it may be served. Once it may not, it never may again.
	place    *list.Element
}

// fresh reports whether v may be served now; nil may not.
func (v *cachedValue) fresh(now time.Time) bool {
	return v != nil && v.live && (v.deadline.IsZero() || now.Before(v.deadline))
}

// add puts in a value, not live yet, whose key is in no other.
func (x *cacheIndex) add(v *cachedValue) {
	v.place = x.order.PushBack(v)
	x.values[v.key] = v
	x.size += v.size
}

// publish makes v live.
func (x *cacheIndex) publish(v *cachedValue) {
	v.live = true
	x.expireBy(v.deadline)
}

// remove takes v out.
func (x *cacheIndex) remove(v *cachedValue) {
	x.order.Remove(v.place)
	delete(x.values, v.key)
	x.size -= v.size
}

// use makes v the most recently used value.
func (x *cacheIndex) use(v *cachedValue) { x.order.MoveToBack(v.place) }

// oldest returns the least recently used value, nil if there is none.
func (x *cacheIndex) oldest() *cachedValue {
	front := x.order.Front()
	if front == nil {
		return nil
	}
	return front.Value.(*cachedValue)
}

// all returns all values, the least recently used first.
func (x *cacheIndex) all() []*cachedValue {
	out := make([]*cachedValue, 0, x.order.Len())
	for e := x.order.Front(); e != nil; e = e.Next() {
		out = append(out, e.Value.(*cachedValue))
	}
	return out
}

// expired returns the live values that are too old now. It looks at the values only
// when one of them is.
func (x *cacheIndex) expired(now time.Time) []*cachedValue {
	if x.expiry.IsZero() || now.Before(x.expiry) {
		return nil
	}
	x.expiry = time.Time{}
	var out []*cachedValue
	for _, v := range x.all() {
		switch {
		case v.fresh(now):
			x.expireBy(v.deadline)
		case v.live:
			out = append(out, v)
		}
	}
	return out
}

// expireBy makes expired look at the values at a deadline, unless it is zero.
func (x *cacheIndex) expireBy(deadline time.Time) {
	if !deadline.IsZero() && (x.expiry.IsZero() || deadline.Before(x.expiry)) {
		x.expiry = deadline
	}
}
