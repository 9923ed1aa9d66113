package partition

import "fmt"

// A DimensionsError says that a box cannot have so many axes.
type DimensionsError struct{ Dimensions int }

func (e *DimensionsError) Error() string {
	return fmt.Sprintf("partition: %d dimensions; there can be 1 to %d", e.Dimensions, MaxDimensions)
}

// A CommensurateError says that the ranks cannot be divided so that the number
// along each axis divides the target.
type CommensurateError struct {
	Size       int // ranks
	Dimensions int
	Target     []int
}

func (e *CommensurateError) Error() string {
	if len(e.Target) != e.Dimensions {
		return fmt.Sprintf("partition: commensurate with %v, but there are %d dimensions", e.Target, e.Dimensions)
	}
	return fmt.Sprintf("partition: no division of %d ranks is commensurate with %v; the prime factors of the number of ranks must divide the targets", e.Size, e.Target)
}
