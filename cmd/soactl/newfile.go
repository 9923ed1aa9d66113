package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// writeNew writes the file of the given name: first under a partial name, as
// stores do, so that soactl rm --leftovers knows it.
func writeNew(name string, force bool, write func(io.WriterAt) error) error {
	partial := partialName(name)
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	err = write(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = publish(partial, name, force)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(partial)))
	}
	return nil
}

// partialName returns a name for what will be name, or was, that no one looks at.
func partialName(name string) string {
	var token [8]byte
	rand.Read(token[:]) // never fails
	return name + "." + hex.EncodeToString(token[:]) + ".partial"
}

// publish gives a file its name, replacing one only if forced.
func publish(partial, name string, force bool) error {
	if force {
		return os.Rename(partial, name)
	}
	err := os.Link(partial, name) // which, unlike a rename, does not replace
	switch {
	case err == nil:
		return os.Remove(partial)
	case errors.Is(err, fs.ErrExist):
		return exists(name)
	}
	// A file system without hard links.
	if _, err := os.Lstat(name); err == nil {
		return exists(name)
	}
	return os.Rename(partial, name)
}

func exists(name string) error {
	return fmt.Errorf("%s: %w; use --force to replace it", name, fs.ErrExist)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
