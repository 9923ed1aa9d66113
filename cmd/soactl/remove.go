package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// remove removes the files and folders, going on after an error, or prints their
// names.
func remove(w io.Writer, names []string, o rmOptions) error {
	var failed []string
	for _, name := range names {
		if o.dryRun || o.verbose {
			if _, err := fmt.Fprintln(w, name); err != nil {
				return err
			}
		}
		if o.dryRun {
			continue
		}
		if err := removeOne(name); err != nil {
			failed = append(failed, err.Error())
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%s", strings.Join(failed, "; "))
	}
	return nil
}

// removeOne removes a file, or a folder and the files in it, but no folders in that.
func removeOne(name string) error {
	if info, err := os.Lstat(name); err != nil || !info.IsDir() {
		return os.Remove(name)
	}
	if !strings.HasSuffix(name, ".partial") { // so that no reader sees half of it
		partial := partialName(name)
		if err := os.Rename(name, partial); err != nil {
			return err
		}
		name = partial
	}
	return removeFolder(name)
}

// removeFolder removes a folder and the files in it.
func removeFolder(name string) error {
	entries, err := os.ReadDir(name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(name, e.Name())); err != nil {
			return err
		}
	}
	return os.Remove(name)
}
