package memlimit

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// files returns the text of a file of the system, and whether it can be read.
type files func(name string) (text string, ok bool)

// maxText is more than the longest of the files has, which is the table of mounts.
const maxText = 16 << 20

// filesBelow returns the files of the system whose root is the folder root.
func filesBelow(root string) files {
	return func(name string) (string, bool) {
		f, err := os.Open(filepath.Join(root, name))
		if err != nil {
			return "", false
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, maxText))
		return string(text), err == nil
	}
}

// number returns the bytes that a file says; ok is false if there is no such file. No
// limit, which is written as "max" or as a huge number, is math.MaxInt64.
func (read files) number(name string) (n int64, ok bool, err error) {
	text, ok := read(name)
	if !ok {
		return 0, false, nil
	}
	text = strings.TrimSpace(text)
	if text == "max" {
		return math.MaxInt64, true, nil
	}
	n, err = parseBytes(name, text)
	return n, true, err
}

// parseBytes returns the number text of the file name.
func parseBytes(name, text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %.40q is not a number of bytes", name, ErrFormat, text)
	}
	if n >= unlimited {
		return math.MaxInt64, nil
	}
	return int64(n), nil
}

// field returns the number after the word key at the start of a line of the file name,
// whose text is given; ok is false if no line begins so.
func field(name, text, key string) (n int64, ok bool, err error) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != key {
			continue
		}
		n, err := parseBytes(name, words[1])
		return n, true, err
	}
	return 0, false, nil
}
