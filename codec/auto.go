package codec

import "github.com/soastore/soa/codec/internal/scratch"

// A Kind is what the elements of an array are, as far as that helps to choose.
type Kind uint8

// The kinds.
const (
	Other   Kind = iota // text, records, bytes of anything
	Integer             // ids, counts, masks
	Float               // real or complex numbers
)

// NewAuto returns a codec that chooses for each array how to encode it, from a
// sample: the shuffle, whether to take differences, and none where it does not pay.
// Beyond that it is [LZ4]. What is dearer to decode than that has to save another 2 %
// of the array. What it makes is never more than 16 bytes larger than the array. Of
// the options Level, Limit and Workers count.
func NewAuto(kind Kind, o Options) Codec { return &autoCodec{o, candidates(kind, o)} }

type autoCodec struct {
	o   Options
	try []Options // the ways that it chooses from, the cheapest to decode first
}

func (c *autoCodec) Decode(dst, src []byte) ([]byte, error) { return Decode(dst, src, c.o) }

// smallArray is up to how many bytes encoding an array in all ways takes no longer
// than looking at samples of it, which are of several parts and all streams.
const smallArray = 64 << 10

// certain is up to how many bytes it takes no longer to encode an array than to look at
// whether that is worth it.
const certain = 4 << 10

func (c *autoCodec) Encode(dst, src []byte, typesize int) ([]byte, error) {
	if len(src) > certain && !Worth(src, typesize) {
		return storeFrame(dst, src), nil
	}
	if len(src) <= smallArray {
		return c.encodeSmall(dst, src, typesize), nil
	}
	p, left := c.best(src, typesize)
	if left > worthwhile {
		return storeFrame(dst, src), nil
	}
	return encodeFrame(dst, src, p), nil
}

// candidates returns what is tried, the cheapest to decode first.
func candidates(kind Kind, o Options) []Options {
	byBytes := Options{Shuffle: ByteShuffle, Level: o.Level, Workers: o.Workers}
	byBits, byDelta := byBytes, byBytes
	byBits.Shuffle = BitShuffle
	byDelta.Delta = true
	switch kind {
	case Integer:
		return []Options{byBytes, byDelta, byBits}
	case Float:
		return []Options{byBytes, byBits, byDelta}
	}
	asIs := byBytes
	asIs.Shuffle = NoShuffle
	return []Options{asIs, byBytes}
}

// gain is the least part of an array that a way must save on top of a cheaper one to
// be chosen: the cheaper one decodes two to four times as fast.
const gain = 0.02

// best returns the way that leaves least of samples of src, and how much that is.
func (c *autoCodec) best(src []byte, typesize int) (best plan, left float64) {
	for i, o := range c.try {
		if i > 0 && left <= gain {
			break // no other saves as much again
		}
		p := newPlan(LZ4, o, typesize)
		if l := p.try(src); i == 0 || l < left-gain {
			best, left = p, l
		}
	}
	return best, left
}

// encodeSmall appends to dst what is best of a small array encoded in all ways, by
// the rule of best.
func (c *autoCodec) encodeSmall(dst, src []byte, typesize int) []byte {
	if len(src) < minFrame {
		return storeFrame(dst, src)
	}
	best, next := scratch.Get(Bound(smallArray)), scratch.Get(Bound(smallArray))
	size := 0
	for i, o := range c.try {
		p := newPlan(LZ4, o, typesize)
		p.bytes = len(src)
		if n := p.encode(next.B, src); i == 0 || float64(size-n) > gain*float64(len(src)) {
			best, next, size = next, best, n
		}
	}
	if float64(size) > worthwhile*float64(len(src)) {
		dst = storeFrame(dst, src)
	} else {
		dst = append(dst, best.B[:size]...)
	}
	scratch.Put(best)
	scratch.Put(next)
	return dst
}

// trial is how many bytes of each of two parts of an array are encoded for a trial,
// at most 1/16 of it together unless it is short.
const trial = 64 << 10

// try encodes two parts of src, and returns how much of them is left.
func (p *plan) try(src []byte) float64 {
	size := min(trial, max(len(src)/32, 4<<10), len(src)/2) / p.typesize * p.typesize
	if size == 0 {
		return 1
	}
	n := len(src) / p.typesize
	p.bytes = size
	out := scratch.Get(p.blockBound())
	defer scratch.Put(out)
	used := 0
	for _, quarter := range []int{1, 3} {
		at := min(n*quarter/4*p.typesize, len(src)-size)
		used += p.encodeBlock(out.B, src[at:at+size])
	}
	return float64(used) / float64(2*size)
}
