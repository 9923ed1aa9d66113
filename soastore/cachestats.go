package soastore

import "time"

// CacheStats counts what one rank's Cache has done. Reads are Get, GetField,
// GetInto and View.
type CacheStats struct {
	Hits     int64 // reads that were served without the source
	Misses   int64 // reads that asked it, or waited for one that did
	Negative int64 // hits whose answer was that there is no such key
	Joined   int64 // misses that waited for another's read of the same value

	Evictions   int64 // values taken out to make room
	Expirations int64 // values taken out since they were too old

	Failures int64 // calls of the cache store that failed
	Failure  error // the latest

	HitTime  time.Duration // until the values of hits were there
	MissTime time.Duration // until those of misses were there, and kept
}

// Requests returns the number of reads.
func (s CacheStats) Requests() int64 { return s.Hits + s.Misses }

// HitRate returns the part of the reads that were hits, 0 if there were no reads.
func (s CacheStats) HitRate() float64 {
	return float64(s.Hits) / float64(max(1, s.Requests()))
}

// MeanHit returns the mean time of a hit, 0 if there was none.
func (s CacheStats) MeanHit() time.Duration { return s.HitTime / time.Duration(max(1, s.Hits)) }

// MeanMiss returns the mean time of a miss, 0 if there was none.
func (s CacheStats) MeanMiss() time.Duration { return s.MissTime / time.Duration(max(1, s.Misses)) }

func (s *CacheStats) hit(start time.Time) {
	s.Hits++
	s.HitTime += time.Since(start)
}

func (s *CacheStats) missed(start time.Time) {
	s.Misses++
	s.MissTime += time.Since(start)
}

func (s *CacheStats) failed(err error) {
	s.Failures++
	s.Failure = err
}

// CacheStats returns what this rank's Cache has done so far. Local.
func (c *Cache) CacheStats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

func (c *caching) count(fn func(*CacheStats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn(&c.stats)
}

func (c *caching) fail(err error) { c.count(func(s *CacheStats) { s.failed(err) }) }

// CacheInfo is what one rank's Cache holds.
type CacheInfo struct {
	Options CacheOptions

	Size    int64         // bytes of elements in the cache store
	Tracked int           // values that reads may be served from
	Cached  int           // values in the cache store: also those not served any more
	Absent  int           // keys that the source did not have
	Values  []CachedValue // those tracked, the least recently used first
}

// CachedValue is one value that reads may be served from.
type CachedValue struct {
	Key     string
	Size    int64         // bytes of elements
	Age     time.Duration // since the source had it, or since NewCache found it
	Expired bool          // it is too old to be served, and waits to be replaced
}

// Info returns what this rank's Cache holds. Local.
func (c *Cache) Info() CacheInfo {
	now := time.Now()
	info := CacheInfo{Options: c.opts, Cached: c.cache.Len()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.absent.forget(now)
	info.Size, info.Absent = c.index.size, len(c.absent.until)
	for _, v := range c.index.all() {
		if v.live {
			info.Values = append(info.Values, CachedValue{v.key, v.size, now.Sub(v.since), !v.fresh(now)})
		}
	}
	info.Tracked = len(info.Values)
	return info
}
