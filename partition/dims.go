package partition

import "slices"

// evenDims returns the dims of Open MPI's MPI_Dims_create, which users of the
// files and of other programs see: each prime factor of n, the largest first,
// multiplies the first of the dims that are smallest so far; they are then sorted,
// the largest first. That is not always the most even division there is.
func evenDims(n, d int) []int {
	dims := ones(d)
	for _, f := range primeFactors(n) {
		dims[smallest(dims, func(int) bool { return true })] *= f
	}
	slices.SortFunc(dims, func(a, b int) int { return b - a })
	return dims
}

// commensurateDims returns dims of which each divides its target, or nil if the
// rule finds none: each prime factor of n, the largest first, goes to the axis with
// the fewest ranks so far, of those whose remaining target it divides.
func commensurateDims(n int, target []int) []int {
	dims, rest := ones(len(target)), slices.Clone(target)
	for _, f := range primeFactors(n) {
		i := smallest(dims, func(i int) bool { return rest[i] > 0 && rest[i]%f == 0 })
		if i < 0 {
			return nil
		}
		dims[i] *= f
		rest[i] /= f
	}
	return dims
}

// smallest returns the first index of the smallest element among those that are
// allowed, or -1 if none is.
func smallest(x []int, allowed func(i int) bool) int {
	at := -1
	for i := range x {
		if allowed(i) && (at < 0 || x[i] < x[at]) {
			at = i
		}
	}
	return at
}

// primeFactors returns the prime factors of n, the largest first.
func primeFactors(n int) []int {
	var factors []int
	for f := 2; f*f <= n; f++ {
		for ; n%f == 0; n /= f {
			factors = append(factors, f)
		}
	}
	if n > 1 {
		factors = append(factors, n)
	}
	slices.Reverse(factors)
	return factors
}

func ones(n int) []int { return slices.Repeat([]int{1}, n) }
