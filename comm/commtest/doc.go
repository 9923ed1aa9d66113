// Package commtest is the tests that every implementation of comm.Comm passes,
// and with it the collective functions over it.
package commtest
