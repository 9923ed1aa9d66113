#!/bin/bash
# Builds everything, runs the merger tree example on 4 MPI ranks, and shows with
# soactl what it left on disk. Without Open MPI, and without the means to install
# it, the ranks run in one process instead.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=bin
spill=$(mktemp -d "${TMPDIR:-/tmp}/soa-demo.XXXXXX")
trap 'rm -rf "$spill"' EXIT

mpi=yes
scripts/setup.sh demo || mpi=
CGO_ENABLED=0 go build -o $bin/soactl ./cmd/soactl
args=(--steps 12 --rows 50000 --path "$spill/tree" --keep)
if [ -n "$mpi" ]; then
  go build -o $bin/mergertree ./examples/mergertree
  echo "== mpirun -n 4 mergertree ${args[*]}"
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
    mpirun --oversubscribe -n 4 $bin/mergertree "${args[@]}"
else
  echo "== no MPI: four ranks in one process"
  CGO_ENABLED=0 go build -o $bin/mergertree ./examples/mergertree
  $bin/mergertree --ranks 4 "${args[@]}"
fi
echo
echo "== soactl ls $spill/tree"
$bin/soactl ls "$spill/tree"
echo
echo "== soactl verify $spill"
$bin/soactl verify "$spill"
