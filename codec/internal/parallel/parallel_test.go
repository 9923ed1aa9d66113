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
