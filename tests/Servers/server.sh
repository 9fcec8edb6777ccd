#!/bin/bash
# server.sh SUITE DIR NAMESPACE: a private containerd of that suite (bookworm, trixie or sid) for a test, kept by the same script
# that keeps those of Start-CtrServer: it starts and kills the daemon on order and cleans up at the end of its input.
set -eu
suite=$1 dir=$2 namespace=$3
bin=${CTR_SERVERS:-/opt/ctr-servers}/$suite/bin
version=2
[ "$suite" = sid ] && version=3
mkdir -p "$dir"
cat >"$dir/config.toml" <<X
version = $version
root = "$dir/root"
state = "$dir/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$dir/c.sock"
[ttrpc]
  address = "$dir/c.ttrpc"
X
mkdir -p "$dir/tmp"
export CONTAINERD=$bin/containerd PATH=$bin:$PATH
exec bash "$(dirname "${BASH_SOURCE[0]}")/../../src/Containerd.Client/Servers/private-server.sh" "$dir" "$namespace"
