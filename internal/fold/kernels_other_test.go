//go:build !(amd64 || arm64) || purego || noasm

package fold

var kernels []kernel
