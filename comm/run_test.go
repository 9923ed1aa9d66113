package comm

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQuick(t *testing.T) {
	ctx := context.Background()
	for n := 1; n < 10; n++ {
		require.NoError(t, Run(n, func(c Comm) error {
			if err := Barrier(ctx, c); err != nil {
				return err
			}
			s, err := Allreduce(ctx, c, Sum, []int{c.Rank(), 1})
			if err != nil {
				return err
			}
			require.Equal(t, []int{n * (n - 1) / 2, n}, s)
			return Agree(ctx, c, Vote{Op: "a", Key: "k"})
		}))
	}
}
