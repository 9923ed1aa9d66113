//go:build race

package npz

func init() { raceEnabled = true }
