#!/usr/bin/env bash
# get-peers.sh [DIR]
#
# Gets the programs of others that Tideline is tested and measured against, out of Debian's packages, unpacked
# and never installed. Prints the folder that holds:
#   prometheus, promtool          Prometheus 3.5 or newer (sid; bookworm's 2.42 has closed windows: no reference)
#   prometheus-node-exporter      something real to scrape
#   victoria-metrics              the original as one process, the yardstick of bench/
# Does nothing when all are there already. DIR defaults to ~/.cache/tideline/peers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=${1:-${TIDELINE_PEERS:-$HOME/.cache/tideline/peers}}
suite=sid
programs=(prometheus promtool prometheus-node-exporter victoria-metrics)

complete() {
  local program
  for program in "${programs[@]}"; do
    [[ -x $peers/bin/$program ]] || return 1
  done
}

if ! complete; then
  mkdir -p "$peers/bin"
  exec 9>"$peers/lock" # two test runs at once: the second one waits, and finds all of it there
  flock 9
fi
if ! complete; then
  root=$peers/$suite
  rm -rf "$root"
  "$here/debian-unpack.sh" "$suite" "$root" prometheus promtool \
    prometheus-node-exporter victoria-metrics >&2
  for program in "${programs[@]}"; do
    file=$root/usr/bin/$program
    if ldd "$file" 2>&1 | grep -q 'not found'; then
      # It wants a newer C library than this machine has: run it with the one of its own release.
      library=$root/usr/lib/$(uname -m)-linux-gnu
      loader=("$library"/ld-linux-*.so.*)
      [[ -e ${loader[0]} ]] || "$here/debian-unpack.sh" "$suite" "$root" libc6 libzstd1 >&2
      loader=("$library"/ld-linux-*.so.*)
      printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "${loader[0]}" "$library" "$file" \
        >"$peers/bin/$program.new"
      chmod +x "$peers/bin/$program.new"
    else
      ln -sfn "$file" "$peers/bin/$program.new"
    fi
    "$peers/bin/$program.new" --version >/dev/null 2>&1 </dev/null ||
      { echo "get-peers: $program does not run on this machine" >&2; exit 1; }
    mv -fT "$peers/bin/$program.new" "$peers/bin/$program"
  done
  for program in "${programs[@]}"; do
    echo "$program: $("$peers/bin/$program" --version 2>&1 | grep -m 1 .)" >&2
  done
fi
echo "$peers/bin"
