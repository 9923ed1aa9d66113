//go:build !linux

package soa

func preferHuge([]byte) {}
