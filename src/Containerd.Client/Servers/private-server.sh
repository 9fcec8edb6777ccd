#!/bin/bash
# private-server.sh DIR NAMESPACE [detached]: keeps one private containerd, the one named by CONTAINERD, with its root, state,
# socket, temporary files and log under DIR. DIR/config.toml is there when it starts. NAMESPACE (and NAMESPACE-anything) is
# no other server's; in namespaces of other names only the containers with a bundle here are this server's.
#
# It obeys lines on its standard input and answers each on its standard output:
#   start   starts the daemon              → started <pid>
#   kill    kills the daemon with SIGKILL  → killed
# At the end of input, which also comes when the process that started it dies however it dies, and on SIGTERM, it takes
# everything of this server away: daemon, shims, container processes, mounts, cgroups, runc's state, shim sockets, DIR.
# A detached one starts the daemon by itself and lives until SIGTERM.
set -u
dir=$1 namespace=$2 mode=${3:-attached}
bundles=$dir/state/io.containerd.runtime.v2.task
tasks=$dir/root/io.containerd.runtime.v2.task
daemon=

start_daemon() {
  # Temporary mounts, and what the server forgets (ctrd-checkpoint*), land under DIR as well.
  mkdir -p "$dir/tmp"
  TMPDIR=$dir/tmp "$CONTAINERD" -c "$dir/config.toml" >>"$dir/log" 2>&1 </dev/null &
  daemon=$!
  echo "$daemon" >"$dir/pid"
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

# namespace/id of every container that has, or had when the daemon died, a bundle here.
containers() {
  local path
  for path in "$bundles"/*/* "$tasks"/*/*; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    path=${path#"$bundles"/}
    echo "${path#"$tasks"/}"
  done | sort -u
}

# A container's processes are descendants of a shim ($@), or in its cgroup.
container_processes() {
  local next="$*" children pid container
  while [ -n "${next// /}" ]; do
    children=
    for pid in $next; do children+=" $(cat /proc/"$pid"/task/*/children 2>/dev/null)"; done
    echo "$children"
    next=$children
  done
  grep -lE ":/(.*/)?$namespace(-[^/]*)?/" /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3
  for container in $(containers); do
    grep -lE ":/(.*/)?$container(/|\$)" /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3
  done
}

# The sockets that shims listen on are outside DIR. Read off the bundles and the live shims ($@); a shim that was killed leaves
# its socket for ever, named by the SHA-256 of address, namespace and id, which the daemon logs when it notices the death.
shim_sockets() {
  cat "$bundles"/*/*/{address,bootstrap.json} 2>/dev/null | grep -oE '/run/containerd/s/[0-9a-f]+'
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
  local mine processes sockets known spaces tries=0 container space mount path
  sockets=$(shim_sockets $(shims))
  kill_daemon
  known=$(containers)
  spaces=$(ls "$bundles" "$tasks" 2>/dev/null | grep -v ':$' | sort -u)
  # Twice at least: a shim may have been starting a process while it was killed.
  while :; do
    mine=$(shims)
    processes=$(container_processes $mine)
    [ -n "$mine${processes//[[:space:]]/}" ] || break
    sockets+=" $(shim_sockets $mine)"
    kill -KILL $mine $processes 2>/dev/null
    thaw $processes
    until gone $mine $processes || [ $((++tries)) -gt 500 ]; do sleep 0.02; done
    [ "$tries" -gt 500 ] && { echo "private-server.sh: still running:" $mine $processes >&2; break; }
  done
  awk -v dir="$dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r mount; do umount -l "$mount"; done
  # Only what is this server's: another containerd may use a namespace of the same name.
  for container in $known; do
    rm -rf "/run/containerd/runc/$container"
    find /sys/fs/cgroup -depth -type d -path "*/$container*" -exec rmdir {} + 2>/dev/null
  done
  for space in $spaces; do
    rmdir "/run/containerd/runc/$space" 2>/dev/null
    find /sys/fs/cgroup -maxdepth 3 -depth -type d -name "$space" -exec rmdir {} + 2>/dev/null
  done
  rm -rf /run/containerd/runc/"$namespace" /run/containerd/runc/"$namespace"-*
  find /sys/fs/cgroup -depth -type d -regextype posix-extended -regex ".*/$namespace(-[^/]*)?(/.*)?" -exec rmdir {} + 2>/dev/null
  for path in $sockets; do rm -f "$path"; done
  rm -rf --one-file-system "$dir"
}

trap 'exit 1' TERM HUP INT
trap clean_up EXIT
if [ "$mode" = detached ]; then
  start_daemon
  exec </dev/null >/dev/null
  while :; do
    sleep infinity &
    sleeper=$!
    trap 'kill $sleeper 2>/dev/null; exit 1' TERM HUP INT
    wait "$sleeper"
  done
fi
while read -r order; do
  case $order in
    start) start_daemon ;;
    kill) kill_daemon; echo killed ;;
  esac
done
