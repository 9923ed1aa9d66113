# make help lists the targets. Everything that they need beyond Go is installed by
# scripts/setup.sh, which holds the one list of system packages.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
GO ?= go
BIN := bin
MPIRUN := OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe

# A fuzz target gets so many inputs in make test. A number of them, unlike a time,
# leaves nothing to how busy the machine is.
FUZZTIME ?= 10000x

.PHONY: help demo test race fuzz lint fmt check bench bench-go bench-codec build setup-demo setup-test

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

demo: ## build, run the merger tree example on 4 MPI ranks, list what it spilled
	@scripts/demo.sh

test: setup-test ## run all tests: unit, race, mpirun, NumPy, some seconds of fuzzing
	$(GO) test -timeout 15m ./...
	$(GO) test -race -short -timeout 15m $$($(GO) list ./... | grep -v /comm/mpi)
	cd bench && $(GO) test -timeout 5m ./...
	scripts/fuzz.sh $(FUZZTIME)

race: ## run the tests that need no MPI under the race detector
	$(GO) test -race -timeout 30m $$($(GO) list ./... | grep -v /comm/mpi)

fuzz: ## fuzz every decoder for a minute each
	scripts/fuzz.sh 60s

bench: ## the stores next to NumPy, h5py, zict and plain files; writes BENCHMARKS.md
	@scripts/setup.sh bench
	cd bench && $(GO) run .

bench-go: ## run the Go benchmarks of all packages
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

bench-codec: ## codecs next to c-blosc, numcodecs, memcpy and plain loops
	@scripts/setup.sh bench
	$(GO) test -run '^$$' -bench . -benchtime 20x ./codec/... ./internal/crc64 ./internal/crc32
	$(GO) test -run '^$$' -bench 'Compressed' ./genericio
	$(GO) test -run '^$$' -bench 'CodecsAgainstOthers' ./soastore

lint: ## gofmt, go vet, staticcheck, builds without cgo and for arm64
	scripts/lint.sh

fmt: ## format the code
	gofmt -w $$(git ls-files '*.go')

check: lint test ## lint and test

build: ## build soactl and the examples into bin/
	CGO_ENABLED=0 $(GO) build -o $(BIN)/soactl ./cmd/soactl
	$(GO) build -o $(BIN)/ ./examples/quickstart ./examples/mpi ./examples/mergertree

setup-test:
	@scripts/setup.sh test
