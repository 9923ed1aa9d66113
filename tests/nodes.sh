#!/bin/bash
# Makes a small cluster out of one machine, and runs an MPI job on it:
#
#   nodes.sh NODES RANKS FOLDER PROGRAM [ARGUMENT...]
#
# PROGRAM runs with RANKS ranks on each of NODES nodes. A node has a network and a host
# name (node1, node2, ...) of its own, and at FOLDER/local a disk of its own, of 8 MB;
# it sees all other folders as the others do, as if on a parallel file system.
#
# It must be root, and be started in new mount, network and PID namespaces: all that
# it makes is in those, and ends with them, however it ends.
set -euo pipefail
subnet=10.93.17

# mpirun starts its part on a node with this script instead of ssh: ADDRESS COMMAND...
if [[ $1 == "$subnet".* ]]; then
  number=${1##*.}
  shift
  exec ip netns exec "node$number" unshare --uts bash -euc "
    hostname node$number
    mount -t tmpfs -o size=8m,mode=0700 disk '$SOA_NODES_FOLDER/local'
    $*"
fi

nodes=$1 ranks=$2
export SOA_NODES_FOLDER=$3
shift 3
mount -t proc proc /proc
mkdir -p /run/netns
mount -t tmpfs names /run/netns
ip link set lo up
ip link add name switch type bridge
ip addr add "$subnet.254/24" dev switch
ip link set switch up
hosts=
for ((i = 1; i <= nodes; i++)); do
  ip netns add "node$i"
  ip link add "port$i" master switch type veth peer name net0 netns "node$i"
  ip link set "port$i" up
  ip -n "node$i" addr add "$subnet.$i/24" dev net0
  ip -n "node$i" link set net0 up
  ip -n "node$i" link set lo up
  hosts+=${hosts:+,}$subnet.$i:$ranks
done

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun --mca plm_rsh_agent "$(realpath "$0")" \
  --mca oob_tcp_if_include "$subnet.0/24" --mca btl_tcp_if_include "$subnet.0/24" \
  --mca pml ob1 --mca btl self,tcp \
  --bind-to none --host "$hosts" -n $((nodes * ranks)) "$@"
