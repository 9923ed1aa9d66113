//go:build !amd64 || purego || noasm

package fold

// UpdateCopy copies nothing: there is no kernel that does.
func (c *CRC) UpdateCopy(r uint64, dst, src []byte) (_ uint64, copied int) { return r, 0 }
