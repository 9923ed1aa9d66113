package parallel

// Pack writes n pieces to out, one right behind the other, and returns their sizes.
// f writes piece i to its argument, of bound bytes, and returns how many it took.
// out has n*bound bytes.
//
// One goroutine writes each piece where the one before it ends. Several write each
// where it would be if none was short, and the pieces are moved together after.
func Pack(out []byte, n, bound, workers int, f func(out []byte, i int) int) []int {
	sizes := make([]int, n)
	if min(Workers(workers), n) == 1 {
		for i := range sizes {
			sizes[i] = f(out[:bound], i)
			out = out[sizes[i]:]
		}
		return sizes
	}
	_ = Do(n, workers, func(i int) error { // f does not fail
		sizes[i] = f(out[i*bound:(i+1)*bound], i)
		return nil
	})
	at := 0
	for i, size := range sizes {
		at += copy(out[at:], out[i*bound:][:size])
	}
	return sizes
}
