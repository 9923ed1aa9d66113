package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/soastore/soa/comm"
	"github.com/soastore/soa/genericio"
)

// programVariable names a program that takes part in the contests of GenericIO, as
// one that is linked with the C++ library does. It is run in each round as
//
//	PROGRAM write FOLDER ROWS        writes a file with new values, where there is none
//	PROGRAM overwrite FOLDER ROWS    writes a file three times, over itself
//	PROGRAM read FOLDER ROWS         reads all columns of the file that write left three
//	                                 times, into the same memory
//	PROGRAM readnew FOLDER ROWS      reads them into memory that is new
//	PROGRAM compress FOLDER ROWS     reads all columns of FOLDER/values.gio, which is there,
//	                                 and writes a compressed file of them three times, over
//	                                 itself
//
// as one rank, and also under "mpirun -n 2". The values are ROWS rows in all of seven
// columns of float32, one of int64 and one of uint16, 38 bytes a row. It times itself,
// and prints (on rank 0) the rate of each time that it did so on a line of its own, in
// GB/s of the values' bytes (10^9 a second, without headers and checksums); the last
// line counts. It exits with 0. FOLDER is there, is empty before the first write, and
// is removed by this program.
const programVariable = "GENERICIO_BENCH"

// enterProgram makes the program of programVariable ready as a contestant.
func enterProgram(got *contestant, c *contest, e entry) error {
	program := os.Getenv(programVariable)
	if program == "" {
		return missing{"not given: set " + programVariable}
	}
	folder := filepath.Join(c.place.dir, fmt.Sprintf("genericio-%s-%d", e.op, e.procs))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	got.close = func() error { return os.RemoveAll(folder) }
	call := func(ctx context.Context, op string) ([]float64, error) {
		args := []string{program, op, folder, strconv.Itoa(c.data.Rows)}
		if e.procs > 1 {
			args = append([]string{"mpirun", "--oversubscribe", "--bind-to", "none", "-n", strconv.Itoa(e.procs)}, args...)
		}
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = append(os.Environ(), mpiEnv...)
		rate, err := rateOf(cmd)
		return []float64{float64(c.data.bytes()) / 1e9 / rate}, err
	}
	if err := prepareProgram(c, e, folder, call); err != nil {
		return err
	}
	got.amounts = []float64{float64(c.data.bytes())}
	got.measure = func(ctx context.Context) ([]float64, error) { return call(ctx, e.op) }
	return nil
}

// prepareProgram leaves the file in folder that the program is to read.
func prepareProgram(c *contest, e entry, folder string, call func(ctx context.Context, op string) ([]float64, error)) error {
	switch {
	case strings.HasPrefix(e.op, "read"):
		_, err := call(context.Background(), "write")
		return err
	case e.op == "compress":
		values, err := c.data.values(0)
		if err != nil {
			return err
		}
		spec := genericio.Spec{PhysScale: [3]float64{256, 256, 256}}
		return genericio.WriteFile(context.Background(), comm.Self(), filepath.Join(folder, "values.gio"), values[0], spec, genericio.OneFile)
	}
	return nil
}

// rateOf runs a program and returns the number on its last line.
func rateOf(cmd *exec.Cmd) (float64, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", cmd, err, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	rate, err := strconv.ParseFloat(strings.TrimSpace(lines[len(lines)-1]), 64)
	if err != nil || !(rate > 0) {
		return 0, fmt.Errorf("%s: its last line is %q, not a rate in GB/s", cmd, lines[len(lines)-1])
	}
	return rate, nil
}
