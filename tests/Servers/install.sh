#!/bin/bash
# install.sh: puts three generations of real containerd on a Debian machine, side by side, from Debian's own packages:
# 1.6 (bookworm), 1.7 (trixie) and 2.x (sid), each with its ctr, shim, runc and a CRIU that works on current kernels.
# Nothing of the host's own is replaced: each suite is unpacked under $CTR_SERVERS/<suite>/root, its runc and criu are
# pointed at the loader and libraries unpacked beside them, and <suite>/bin has links to all five programs.
# The host itself gets Debian's containerd and runc (for the demo and Start-CtrServer) and busybox-static (for images).
# Does only what is missing: with everything in place it ends at once.
#
#   tests/Servers/install.sh            as root; about half a minute the first time
#   CTR_SERVERS=/opt/ctr-servers        where the generations go (default)
set -euo pipefail
servers=${CTR_SERVERS:-/opt/ctr-servers}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

complete() { for suite in bookworm trixie sid; do [ -x "$servers/$suite/bin/criu" ] || return 1; done; }
on_host() { for tool in "$@"; do PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || return 1; done; }
static_busybox() { on_host busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1; }

if complete && on_host containerd runc && static_busybox; then exit 0; fi

if ! on_host apt-get; then
  echo "install.sh: this system has no apt-get. To run the tests, install containerd 1.6, 1.7 and 2.x with runc and criu" >&2
  echo "  so that $servers/{bookworm,trixie,sid}/bin each have containerd, ctr, containerd-shim-runc-v2, runc and criu," >&2
  echo "  and containerd, runc and a static busybox on PATH." >&2
  exit 1
fi
[ "$(id -u)" = 0 ] || { echo "install.sh: run it as root, it installs Debian packages" >&2; exit 1; }

mkdir -p "$servers"
exec 9>"$servers/.lock"
flock 9   # two test runs may start at the same time

if ! on_host containerd runc patchelf || ! static_busybox; then
  echo "install.sh: installing containerd, runc, busybox-static and patchelf from Debian"
  get() { apt-get install -y -qq --no-install-recommends containerd runc busybox-static patchelf >/dev/null; }
  # no package lists yet, or lists older than the archive
  get 2>/dev/null || { apt-get update -qq; get; }
fi

# The archive that this machine's apt already uses for its own suite, whichever mirror it is.
own_archive() {
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL) $(IDENTIFIER)' |
    awk '$2 == "Debian" && $3 == "Debian" && $4 == "Packages" { print $1; exit }'
}
archive=$(own_archive)
[ -n "$archive" ] || { apt-get update -qq; archive=$(own_archive); }
[ -n "$archive" ] || { echo "install.sh: no Debian archive in this machine's apt configuration" >&2; exit 1; }

unpack() {
  local suite=$1 at=$servers/$1
  [ -x "$at/root/usr/bin/containerd" ] && return
  echo "install.sh: unpacking containerd, runc and criu of Debian $suite"
  rm -rf "$at/new"
  mkdir -p "$at/new/lists/partial" "$at/new/archives/partial" "$at/new/root"
  echo "deb $archive $suite main" >"$at/new/sources.list"
  # apt's own resolver and signature checks, with nothing regarded as installed so that every library comes along
  local options=(
    -oDir::State::Lists="$at/new/lists" -oDir::State::status=/dev/null -oDir::Cache::archives="$at/new/archives"
    -oDir::Etc::sourcelist="$at/new/sources.list" -oDir::Etc::sourceparts=/dev/null
    -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oDebug::NoLocking=1 -oAPT::Sandbox::User=root)
  apt-get "${options[@]}" update -qq
  apt-get "${options[@]}" install -qq -y --download-only --no-install-recommends containerd runc criu >/dev/null
  for deb in "$at"/new/archives/*.deb; do dpkg -x "$deb" "$at/new/root"; done
  local loader triplet
  loader=$(cd "$at/new/root" && find . -name 'ld-linux-*.so.*' -path '*/lib/*-linux-gnu/*' | head -1)   # under lib or usr/lib
  loader=$at/root/${loader#./} triplet=$(basename "$(dirname "$loader")")
  for tool in runc criu; do
    patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$at/root/lib/$triplet:$at/root/usr/lib/$triplet" \
      "$at/new/root/usr/sbin/$tool"
  done
  rm -rf "$at/root"
  mv "$at/new/root" "$at/root"
  rm -rf "$at/new"
}

link() {
  local suite=$1 root=$servers/$1/root/usr
  mkdir -p "$servers/$suite/bin"
  ln -sfn "$root/bin/containerd" "$root/bin/ctr" "$root/bin/containerd-shim-runc-v2" "$root/sbin/runc" "$servers/$suite/bin/"
  # bookworm's own criu fails on kernels newer than itself
  [ "$suite" = bookworm ] && root=$servers/trixie/root/usr
  ln -sfn "$root/sbin/criu" "$servers/$suite/bin/criu"
}

for suite in trixie sid bookworm; do unpack "$suite"; link "$suite"; done
for suite in bookworm trixie sid; do
  echo "install.sh: $suite: $("$servers/$suite/bin/containerd" --version), $("$servers/$suite/bin/criu" --version | head -1)"
done
