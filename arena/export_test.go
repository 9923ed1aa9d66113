package arena

// Mapping says what of a file goes through a mapping.
type Mapping = mapping

const (
	MapNone  = mapNone
	MapSlots = mapSlots
	MapShort = mapShort
	MapAll   = mapAll
)

// Mapped returns o for an arena that maps what m says.
func Mapped(o Options, m Mapping) Options {
	o.mapping = m
	return o
}

// Warm makes an Arena that maps columns do so from the first time on.
func (a *Arena) Warm() {
	a.window.mu.Lock()
	defer a.window.mu.Unlock()
	a.window.blocks = make([]blockUse, 1<<16)
	for i := range a.window.blocks {
		a.window.blocks[i] = blockUse{moved: block, often: true}
	}
}

// Extents returns the ranges of the file that versions, tables and spans take, as
// offset and length, unsorted.
func (a *Arena) Extents() (used, spans [][2]int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.keys {
		for _, v := range e.all() {
			used = append(used, [2]int64{v.ext.off, v.ext.len})
		}
	}
	for _, s := range a.space.spans {
		spans = append(spans, [2]int64{s.off, s.len})
	}
	return used, spans
}

// Extent returns the range of the file that v takes, and whether only its readers
// keep it.
func (v *Value) Extent() (extent [2]int64, gone bool) {
	v.a.mu.Lock()
	defer v.a.mu.Unlock()
	return [2]int64{v.v.ext.off, v.v.ext.len}, v.v.gone
}

// Blocks returns how many bytes of the file have disk space.
func (a *Arena) Blocks() int64 {
	a.resize.Lock()
	defer a.resize.Unlock()
	return a.blocks
}

const (
	BlockLen  = block
	FirstLen  = firstLen
	TableLen  = tableLen
	SlotLen   = slotLen
	DirectLen = directLen
	PageLen   = page
)
