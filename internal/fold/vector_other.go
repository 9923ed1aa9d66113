//go:build !(amd64 || arm64) || purego || noasm

package fold

func (level) String() string { return "portable" }

func detect() level { return portable }

// Update leaves all to do: there is no kernel.
func (c *CRC) Update(r uint64, p []byte) (_ uint64, rest []byte) { return r, p }
