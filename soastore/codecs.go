package soastore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/soastore/soa"
	"github.com/soastore/soa/codec"
)

// codecChoice is a codec as Options name it: a name, and after colons a level from
// 1 to 9 and a shuffle, in any order.
type codecChoice struct {
	name    string // "" for none
	level   int    // 0 for the codec's own
	shuffle codec.Shuffle
}

var shuffles = map[string]codec.Shuffle{"byte": codec.ByteShuffle, "bit": codec.BitShuffle, "noshuffle": codec.NoShuffle}

// parseChoice returns the codec that text names. The error is an ErrOptions.
func parseChoice(text string) (c codecChoice, err error) {
	parts := strings.Split(text, ":")
	if c.name = parts[0]; c.name == "none" {
		c.name = ""
	}
	if c.name == "" && len(parts) > 1 {
		return c, fmt.Errorf("%w: codec %q: without a codec there is neither level nor shuffle", ErrOptions, text)
	}
	for _, part := range parts[1:] {
		level, err := strconv.Atoi(part)
		shuffle, ok := shuffles[part]
		switch {
		case err == nil && level >= 1 && level <= 9:
			c.level = level
		case ok:
			c.shuffle = shuffle
		default:
			return c, fmt.Errorf("%w: codec %q: %q is neither a level from 1 to 9 nor byte, bit or noshuffle", ErrOptions, text, part)
		}
	}
	return c, nil
}

// memoryCodec returns the function that gives the codec for each element type, nil
// for none.
func memoryCodec(text string) (func(soa.DType) codec.Codec, error) {
	choice, err := parseChoice(text)
	if err != nil || choice.name == "" {
		return nil, err
	}
	opts := codec.Options{Level: choice.level, Shuffle: choice.shuffle}
	if choice.name == "auto" {
		var of [codec.Float + 1]codec.Codec // by kind
		for kind := range of {
			of[kind] = codec.NewAuto(codec.Kind(kind), opts)
		}
		return func(dtype soa.DType) codec.Codec { return of[kindOf(dtype)] }, nil
	}
	id, ok := codec.ParseID(choice.name)
	if !ok {
		return nil, fmt.Errorf("%w: MemoryCodec %q: there are lz4, s2, zstd, blosc, auto and none", ErrOptions, text)
	}
	one, err := codec.New(id, opts)
	return func(soa.DType) codec.Codec { return one }, err
}

// kindOf returns what helps codec.NewAuto to choose.
func kindOf(dtype soa.DType) codec.Kind {
	switch {
	case dtype.IsFloat(), dtype.IsComplex():
		return codec.Float
	case dtype.IsSigned(), dtype.IsUnsigned():
		return codec.Integer
	}
	return codec.Other
}
