//go:build !purego && !noasm

package crc64

var kernels = []kernel{
	{name: "PMULL", needs: pmull, k: 0, sum: updatePMULL},
}
