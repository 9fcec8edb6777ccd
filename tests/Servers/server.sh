#!/bin/bash
# server.sh SUITE DIR NAMESPACE: keeps one private containerd of that suite (bookworm, trixie or sid) for a test.
# Its root, state, socket, temporary files and log are under DIR; the test works in NAMESPACE (or NAMESPACE-anything).
#
# It obeys lines on its standard input and answers each on its standard output:
#   start   starts the daemon              → started <pid>
#   kill    kills the daemon with SIGKILL  → killed
# At the end of input it takes everything of this server away: daemon, shims, container processes, mounts, cgroups,
# runc's state, shim sockets, DIR. The end of input also comes when the test process dies, however it dies.
set -u
servers=${CTR_SERVERS:-/opt/ctr-servers}
suite=$1 dir=$2 namespace=$3
daemon=

write_config() {
  local version=2
  [ "$suite" = sid ] && version=3
  mkdir -p "$dir/tmp"
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
}

start_daemon() {
  # Temporary mounts, and what the server forgets (ctrd-checkpoint*), land under DIR as well.
  PATH=$servers/$suite/bin:$PATH TMPDIR=$dir/tmp "$servers/$suite/bin/containerd" -c "$dir/config.toml" >>"$dir/log" 2>&1 </dev/null &
  daemon=$!
  echo "started $daemon"
}

kill_daemon() {
  [ -n "$daemon" ] || return
  kill -KILL "$daemon" 2>/dev/null
  wait "$daemon" 2>/dev/null
  daemon=
}

# Process ids of this server's shims: they carry its address as an argument.
shims() {
  grep -lzxF -e "$dir/c.sock" /proc/[0-9]*/cmdline 2>/dev/null | while IFS=/ read -r _ _ pid _; do
    case $(2>/dev/null tr '\0' ' ' <"/proc/$pid/cmdline") in *containerd-shim*) echo "$pid" ;; esac
  done
}

# A container's processes are in a cgroup below its namespace's, or are descendants of a shim.
container_processes() {
  grep -lE ":/(.*/)?$namespace(-[^/]*)?/" /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3
  local next="$*" children pid
  while [ -n "${next// /}" ]; do
    children=
    for pid in $next; do children+=" $(cat /proc/"$pid"/task/*/children 2>/dev/null)"; done
    echo "$children"
    next=$children
  done
}

# The sockets that shims listen on are outside DIR. Read off the bundles and the live shims; a shim that was killed leaves
# its socket for ever, named by the SHA-256 of address, namespace and id, which the daemon logs when it notices the death.
shim_sockets() {
  cat "$dir"/state/io.containerd.runtime.v2.task/*/*/{address,bootstrap.json} 2>/dev/null | grep -oE '/run/containerd/s/[0-9a-f]+'
  local pid id
  for pid in "$@"; do
    ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p'
  done | awk 'NR == FNR { mine[$1]; next } ($7 in mine) && $8 ~ "^/run/containerd/s/" { print $8 }' - /proc/net/unix
  sed -n 's|.*"cleaning up after shim disconnected" id=\([^ ]*\) namespace=\([^ ]*\).*|\2/\1|p' "$dir/log" 2>/dev/null | sort -u | while read -r id; do
    printf '/run/containerd/s/%s\n' "$(printf '%s' "$dir/c.sock/$id" | sha256sum | cut -d' ' -f1)"
  done
}

# A process of a paused container is frozen, and on cgroup v1 a frozen process does not die before it is thawed.
thaw() {
  local pid group
  for pid in "$@"; do
    group=$(sed -n 's/^[0-9]*:freezer://p' "/proc/$pid/cgroup" 2>/dev/null)
    [ -n "${group#/}" ] && [ -w "/sys/fs/cgroup/freezer$group/freezer.state" ] && echo THAWED >"/sys/fs/cgroup/freezer$group/freezer.state"
  done
}

gone() { local pid; for pid in "$@"; do [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null && return 1; done; return 0; }

clean_up() {
  trap '' TERM HUP INT
  local mine processes sockets tries=0 found mount path
  sockets=$(shim_sockets $(shims))
  kill_daemon
  # Twice at least: a shim may have been starting a process while it was killed.
  while :; do
    mine=$(shims)
    processes=$(container_processes $mine)
    [ -n "$mine${processes//[[:space:]]/}" ] || break
    sockets+=" $(shim_sockets $mine)"
    kill -KILL $mine $processes 2>/dev/null
    thaw $processes
    until gone $mine $processes || [ $((++tries)) -gt 500 ]; do sleep 0.02; done
    [ "$tries" -gt 500 ] && { echo "server.sh: still running:" $mine $processes >&2; break; }
  done
  awk -v dir="$dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r mount; do umount -l "$mount"; done
  for path in "$dir"/root/io.containerd.runtime.v2.task/*/*; do
    found=${path#"$dir"/root/io.containerd.runtime.v2.task/}
    [ -e "$path" ] && rm -rf "/run/containerd/runc/$found"
  done
  rm -rf /run/containerd/runc/"$namespace" /run/containerd/runc/"$namespace"-*
  for path in $sockets; do rm -f "$path"; done
  find /sys/fs/cgroup -depth -type d -regextype posix-extended -regex ".*/$namespace(-[^/]*)?(/.*)?" -exec rmdir {} + 2>/dev/null
  rm -rf --one-file-system "$dir"
}

trap 'exit 1' TERM HUP INT
trap clean_up EXIT
write_config
while read -r order; do
  case $order in
    start) start_daemon ;;
    kill) kill_daemon; echo killed ;;
  esac
done
