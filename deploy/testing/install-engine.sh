#!/usr/bin/env bash
# install-engine.sh
#
# Installs what the container tests need and this machine lacks, out of Debian's packages alone (as root):
#   docker.io, iptables       the engine
#   busybox-static            the shell of the stand-in base image (node-base-image.sh)
#   compose, buildx           plugins of the docker command, taken from trixie's packages: bookworm has none
# Says on stderr what it installs. Installs nothing that is already there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=$here/../../tools/peers

missing=()
command -v dockerd >/dev/null || missing+=(docker.io)
command -v docker >/dev/null || [[ " ${missing[*]} " == *" docker.io "* ]] || missing+=(docker.io)
command -v iptables >/dev/null || missing+=(iptables)
dpkg-query --show --showformat='${db:Status-Abbrev}' busybox-static 2>/dev/null | grep -q '^ii' ||
  missing+=(busybox-static)
if ((${#missing[@]} > 0)); then
  echo "install-engine: apt-get install ${missing[*]}" >&2
  apt-get -qq update >&2
  # Without systemd the package's own attempt to start the engine fails, and that is all right.
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
  command -v docker >/dev/null || # since trixie the command is a package of its own
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends docker-cli >/dev/null
fi

if ! docker compose version >/dev/null 2>&1 || ! docker buildx version >/dev/null 2>&1; then
  echo "install-engine: docker-compose and docker-buildx of trixie, as plugins" >&2
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  "$tools/debian-unpack.sh" trixie "$unpacked" docker-compose docker-buildx >&2
  plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
  mkdir -p "$plugins"
  cp "$unpacked"/usr/libexec/docker/cli-plugins/docker-{compose,buildx} "$plugins/"
fi
docker compose version >&2
docker buildx version >&2
