package parallel

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachOnce(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 50} {
		for _, n := range []int{0, 1, 2, 1000} {
			calls := make([]atomic.Int32, n)
			require.NoError(t, Do(n, workers, func(i int) error {
				calls[i].Add(1)
				return nil
			}))
			for i := range calls {
				require.EqualValues(t, 1, calls[i].Load())
			}
		}
	}
}

func TestFirstError(t *testing.T) {
	for _, workers := range []int{1, 4} {
		err := Do(100, workers, func(i int) error {
			if i == 3 {
				return fmt.Errorf("piece %d", i)
			}
			return nil
		})
		require.EqualError(t, err, "piece 3")
	}
}

func TestPack(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 50} {
		out := make([]byte, 10*4)
		sizes := Pack(out, 10, 4, workers, func(out []byte, i int) int {
			require.Len(t, out, 4)
			for k := range i % 5 {
				out[k] = byte(i)
			}
			return i % 5
		})
		require.Equal(t, []int{0, 1, 2, 3, 4, 0, 1, 2, 3, 4}, sizes)
		require.Equal(t, []byte{1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 6, 7, 7, 8, 8, 8, 9, 9, 9, 9}, out[:20])
	}
}

func TestPackMany(t *testing.T) {
	const n, bound = 2000, 50
	write := func(out []byte, i int) int {
		size := i * 7 % (bound + 1)
		for k := range size {
			out[k] = byte(i)
		}
		return size
	}
	want := make([]byte, n*bound)
	sizes := Pack(want, n, bound, 1, write)
	for range 20 {
		out := make([]byte, n*bound)
		require.Equal(t, sizes, Pack(out, n, bound, 4, write))
		total := 0
		for _, size := range sizes {
			total += size
		}
		require.Equal(t, want[:total], out[:total])
	}
}
