//go:build race

package soastore_test

func init() { raceEnabled = true }
