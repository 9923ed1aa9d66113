//go:build !purego && !noasm

package fold

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"
)

var kernels = []kernel{
	{name: "AVX512", needs: avx512, k: 5, sum: updateAVX512, copy: copyAVX512},
	{name: "AVX2", needs: avx2, k: 4, sum: updateAVX2, copy: copyAVX2},
	{name: "SSE", needs: sse, k: 3, sum: updateSSE, copy: copySSE},
	{name: "SSE16", needs: sse, k: 0, sum: updateSSE16},
}

// TestHasVPCLMULQDQ holds our reading of CPUID against golang.org/x/sys/cpu's, which
// has it where there is AVX-512.
func TestHasVPCLMULQDQ(t *testing.T) {
	if !cpu.X86.HasAVX512F {
		t.Skip("this processor has no AVX-512")
	}
	require.Equal(t, cpu.X86.HasAVX512VPCLMULQDQ, hasVPCLMULQDQ())
}
