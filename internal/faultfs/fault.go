package faultfs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Op is a kind of operation, named after its method.
type Op string

// The operations of an FS and of its files.
const (
	OpenFile  Op = "OpenFile"
	Rename    Op = "Rename"
	RenameNew Op = "RenameNew"
	Link      Op = "Link"
	Exchange  Op = "Exchange"
	Mkdir     Op = "Mkdir"
	Remove    Op = "Remove"
	Lstat     Op = "Lstat"
	ReadDir   Op = "ReadDir"
	SyncDir   Op = "SyncDir"
	TypeOf    Op = "TypeOf"
	ReadAt    Op = "ReadAt"
	WriteAt   Op = "WriteAt"
	ReadvAt   Op = "ReadvAt"
	WritevAt  Op = "WritevAt"
	Truncate  Op = "Truncate"
	Allocate  Op = "Allocate"
	Punch     Op = "Punch"
	Alone     Op = "Alone"
	Lock      Op = "Lock"
	Sync      Op = "Sync"
	Close     Op = "Close"
	Map       Op = "Map"
	MapShared Op = "MapShared"
	Size      Op = "Size"
)

// Span is how much fails once a fault has begun.
type Span uint8

const (
	Once   Span = iota // the one operation
	Always             // it, and every later one that the fault fits
	Crash              // it, and every later one at all, as if the process had died
)

// A Fault says which operation fails, and how. The zero Fault makes the next
// operation fail, once, with EIO.
type Fault struct {
	Op   Op     // the kind of operation that it fits. The default is every kind.
	Name string // fits files whose last element matches, as in filepath.Match. The default is every file.
	Skip int    // so many operations that it fits succeed first. The default is 0.
	Err  error  // the cause of the error. The default is syscall.EIO.
	Span Span   // what fails after that. The default is Once.
	// Short makes a WriteAt or WritevAt that fails write the first half of its bytes,
	// as a disk does that fills up. The default is to write nothing.
	Short bool
}

// fits reports whether f is about the operation c. The pattern is well-formed.
func (f *Fault) fits(c Call) bool {
	if f.Op != "" && f.Op != c.Op {
		return false
	}
	return f.Name == "" || f.matches(c.Name) || c.To != "" && f.matches(c.To)
}

func (f *Fault) matches(name string) bool {
	ok, _ := filepath.Match(f.Name, filepath.Base(name))
	return ok
}

// armed is an injected fault and how far it has come.
type armed struct {
	Fault
	seen  int // operations that it fitted
	begun bool
}

// hits reports whether the operation c fails, and counts it.
func (a *armed) hits(c Call) bool {
	if a.begun && a.Span == Crash {
		return true
	}
	if a.begun && a.Span == Once || !a.fits(c) {
		return false
	}
	a.seen++
	a.begun = a.seen > a.Skip
	return a.begun
}

// A Call is one operation that the subject made.
type Call struct {
	Op   Op
	Name string // the file or folder
	To   string // the new name, for Rename, RenameNew and Link; the other one, for Exchange
	Err  error  // the cause, if a fault hit it; nil also where the disk itself refused
}

// String returns the operation on one line, for a test's log.
func (c Call) String() string {
	s := fmt.Sprintf("%s %s", c.Op, c.Name)
	if c.To != "" {
		s += " -> " + c.To
	}
	if c.Err != nil {
		s += ": " + c.Err.Error()
	}
	return s
}

// failure returns the error that the caller sees: of the same type as package
// os gives it.
func (c Call) failure() error {
	if c.To != "" {
		return &os.LinkError{Op: string(c.Op), Old: c.Name, New: c.To, Err: c.Err}
	}
	return &fs.PathError{Op: string(c.Op), Path: c.Name, Err: c.Err}
}

func (f Fault) cause() error {
	if f.Err == nil {
		return syscall.EIO
	}
	return f.Err
}
