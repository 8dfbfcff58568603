#!/usr/bin/env bash
# start-engine.sh
#
# Makes sure that a Docker engine answers, on a machine without systemd. Prints the pid of the engine when it
# had to start one: whoever called this ends it (kill PID). Prints nothing when one was running already.
set -euo pipefail
log=${TIDELINE_ENGINE_LOG:-${TMPDIR:-/tmp}/tideline-dockerd.log}
answers() { docker info >/dev/null 2>&1; }

if answers; then exit 0; fi
command -v dockerd >/dev/null || { echo "start-engine: no dockerd: run install-engine.sh first" >&2; exit 1; }

# An engine that was killed leaves pid files behind, and the next one then refuses to start.
for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
  [[ -e $file ]] || continue
  read -r old <"$file" || true
  if [[ -n ${old:-} && -e /proc/$old/comm ]] && grep -qE '^(dockerd|containerd)$' "/proc/$old/comm"; then
    echo "start-engine: $file names a living process ($old), yet no engine answers" >&2
    exit 1
  fi
  rm -f "$file"
done

setsid dockerd >"$log" 2>&1 </dev/null &
engine=$!
for _ in $(seq 300); do
  if answers; then
    echo "$engine"
    exit 0
  fi
  kill -0 "$engine" 2>/dev/null || break
  sleep 0.1
done
echo "start-engine: the engine does not answer; the end of $log:" >&2
tail -n 20 "$log" >&2
kill "$engine" 2>/dev/null || true
exit 1
