#!/usr/bin/env bash
# debian-unpack.sh SUITE DIR PACKAGE...
#
# Unpacks packages of any Debian release (trixie, sid, ...) into DIR and installs nothing. The system's own apt
# lists stay as they are: this keeps a private view of the suite in a temporary folder. apt checks the suite's
# signature with Debian's archive keyring and each package's hash with the signed list, as it always does.
# The mirror is the one that apt already uses. Programs written in Go need little of glibc, so those of a newer
# release mostly run on an older one.
set -euo pipefail
if (($# < 3)); then
  echo "usage: $0 SUITE DIR PACKAGE..." >&2
  exit 2
fi
suite=$1
mkdir -p "$2"
target=$(cd "$2" && pwd)
shift 2

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
if [[ -z $mirror ]]; then # no lists yet: read the sources themselves
  mirror=$(awk '/^URIs:/ { print $2; exit }
    /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { print $i; exit } }' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null || true)
fi
: "${mirror:?no Debian mirror found in the sources of apt}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
apt() {
  apt-get -qq \
    -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::State::status=/dev/null \
    -o Dir::Cache="$work/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success::= \
    -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}
apt update
(cd "$work/debs" && apt download "$@")
for package in "$work"/debs/*.deb; do
  dpkg --extract "$package" "$target"
done
