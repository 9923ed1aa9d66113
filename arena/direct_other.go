//go:build !linux

package arena

// directFlag is none: other systems have no such flag, and Direct changes nothing.
const directFlag = 0
