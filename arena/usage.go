package arena

// Usage says how the file is used. File is the sum of Used, Free and Holes.
type Usage struct {
	File  int64 // bytes of the file
	Used  int64 // bytes of values, of all versions, and of the arena's own tables
	Free  int64 // bytes with disk space, for values to come
	Holes int64 // bytes without disk space

	Values   int // keys with a value
	Versions int // values of all versions
}

// Usage returns how the file is used now.
func (a *Arena) Usage() Usage {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := Usage{File: a.space.end, Free: a.space.free, Holes: a.space.holes}
	u.Used = u.File - u.Free - u.Holes
	for _, e := range a.keys {
		u.Versions += len(e.others)
		if e.current != nil {
			u.Values++
			u.Versions++
		}
	}
	return u
}
