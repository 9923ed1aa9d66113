//go:build race

package memmap

func init() { raceEnabled = true }
