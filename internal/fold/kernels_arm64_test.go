//go:build !purego && !noasm

package fold

var kernels = []kernel{
	{name: "PMULL", needs: pmull, k: 0, sum: updatePMULL},
}
