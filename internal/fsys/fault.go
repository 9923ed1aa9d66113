package fsys

import "unsafe"

// offsetOf returns where in the mapping the memory fault p happened, and whether
// it did: the runtime's error of a fault has an Addr method.
func (m *Mapping) offsetOf(p any) (int, bool) {
	fault, ok := p.(interface{ Addr() uintptr })
	if !ok || len(m.Data) == 0 {
		return 0, false
	}
	base := uintptr(unsafe.Pointer(unsafe.SliceData(m.Data)))
	if a := fault.Addr(); a >= base && a < base+uintptr(len(m.Data)) {
		return int(a - base), true
	}
	return 0, false
}
