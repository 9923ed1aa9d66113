package genericio

// The variables of a rank map.
const (
	mapRank      = "$rank"
	mapPartition = "$partition"
	mapX         = "$x"
	mapY         = "$y"
	mapZ         = "$z"
)
