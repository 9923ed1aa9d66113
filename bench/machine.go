package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine describes where and with what was measured, a line for each fact.
func (h *hall) machine() []string {
	facts := []string{
		fmt.Sprintf("%s, %d cores, %s of memory", field("/proc/cpuinfo", "model name"), runtime.NumCPU(), field("/proc/meminfo", "MemTotal")),
		fmt.Sprintf("Linux %s, load average before the run %s", firstLine("uname", "-r"), load()),
		fmt.Sprintf("files on %s and %s", h.disk, h.memory),
		fmt.Sprintf("%s, %s", strings.Replace(runtime.Version(), "go", "Go ", 1), h.python()),
	}
	if mpi := firstLine("mpirun", "--version"); mpi != "" {
		facts = append(facts, mpi)
	}
	when := time.Now().Format("2 January 2006")
	if commit := firstLine("git", "rev-parse", "--short", "HEAD"); commit != "" {
		when += ", commit " + commit
	}
	return append(facts, when)
}

// load returns how many processes wanted to run in the last minute: on a machine that
// is busy with other work, figures say little.
func load() string {
	minute, _, _ := strings.Cut(firstLine("cat", "/proc/loadavg"), " ")
	return minute
}

// python names the versions of Python's packages, or says that there is none.
func (h *hall) python() string {
	w, err := h.worker(inPython)
	if err != nil {
		return err.Error()
	}
	a, err := w.do(order{Do: "versions"})
	if err != nil {
		return err.Error()
	}
	var all []string
	for name, version := range a.Versions {
		all = append(all, name+" "+version)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// field returns the value of the first line "key : value" of a file, or "?".
func field(file, key string) string {
	f, err := os.Open(file)
	if err != nil {
		return "?"
	}
	defer f.Close() // read only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

// firstLine returns the first line that a program prints, or "".
func firstLine(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}
