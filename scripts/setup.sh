#!/bin/bash
# Installs what a target needs on Debian or Ubuntu, if it is not there.
#   setup.sh demo    a C compiler and Open MPI
#   setup.sh test    those; NumPy and its friends, which judge the file formats; an
#                    emulator for arm64; and network namespaces, for several nodes
#   setup.sh bench   those, and what benchmarks compare with
# Exits with 1, saying what to install, if it may not install.
set -euo pipefail

demo="gcc libc6-dev libopenmpi-dev openmpi-bin"
test="$demo iproute2 qemu-user python3 python3-numpy python3-scipy python3-yaml python3-blosc"

bench="$test python3-h5py python3-numcodecs python3-zict"

case "${1:-}" in
demo) packages=$demo ;;
test) packages=$test ;;
bench) packages=$bench ;;
*) sed -n '2,8s/^# \?//p' "$0" >&2; exit 2 ;;
esac

missing=
for p in $packages; do
  if ! command -v dpkg-query >/dev/null || [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" != installed ]; then
    missing="$missing $p"
  fi
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then sudo="sudo -n"; fi
if command -v apt-get >/dev/null && $sudo true 2>/dev/null; then
  echo "setup: installing$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  if { $sudo apt-get update -q && $sudo apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
fi
echo "setup: please install (Debian's names):$missing" >&2
exit 1
