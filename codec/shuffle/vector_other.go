//go:build !amd64 || purego || noasm

package shuffle

func splitVector(planes [][]byte, src []byte, n int) int { return 0 }

func joinVector(dst []byte, planes [][]byte, n int) int { return 0 }

func transposeBitsVector(b []byte, before, after byte) int { return 0 }
