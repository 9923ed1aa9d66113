package partition_test

import (
	"fmt"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/partition"
)

// Twelve ranks divide a box; rank 7 looks around.
func Example() {
	err := comm.Run(12, func(c comm.Comm) error {
		p, err := partition.New(c, partition.Options{Dimensions: 2})
		if err != nil || p.Rank() != 7 {
			return err
		}
		fmt.Println(p.Decomposition(), p.Coordinates())
		fmt.Printf("%.3f\n", p.Origin())
		fmt.Println(p.Neighbor(1, 0), p.Neighbor(0, 1), p.NeighborRanks())
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// [4 3] [2 1]
	// [0.500 0.333]
	// 10 8 [3 4 5 6 8 9 10 11]
}
