#!/usr/bin/env bash
# node-base-image.sh [TAG]
#
# Makes a stand-in for the official Node image where no image registry can be reached: this machine's C and C++
# libraries, busybox, Node 24 and npm. It has what deploy/Dockerfile uses of the official image and nothing else:
# sh, mkdir, chown, node, npm, npx and the user "node" (1000). Its label says what it is. For tests, never for a
# release. This machine's CA certificates go in, so that npm and pnpm reach their registry from a build step just
# as they do from the host. Keeps a TAG that exists already.
set -euo pipefail
tag=${1:-node:24-bookworm-slim}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if docker image inspect "$tag" >/dev/null 2>&1; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "node-base-image: no Node for $(uname -m) in npm" >&2; exit 1 ;;
esac

node=$top/node_modules/node-linux-$arch/bin/node # installed with the tree's dependencies
if [[ ! -x $node ]]; then
  (cd "$work" && npm pack --silent "node-linux-$arch@$(<"$top/.node-version")" >/dev/null && tar -xzf node-linux-*.tgz)
  node=$work/package/bin/node
fi
npm=$(npm root --global)/npm

root=$work/root
mkdir -p "$root"/{bin,dev,etc/ssl/certs,lib64,proc,root,run,sys,tmp,var/tmp} \
  "$root"/usr/{bin,local/bin,local/lib/node_modules}
chmod 1777 "$root/tmp" "$root/var/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
  [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
done
ln -s ../../bin/env "$root/usr/bin/env"
install -m 755 "$node" "$root/usr/local/bin/node"
# What Node names, and the rest of the C library's runtime: pnpm and esbuild are programs of their own.
for library in $(ldd "$node" | grep -oE '/[^ ]+'; dpkg --listfiles libc6 | grep -E '/[^/]+\.so[.0-9]*$' | grep -v gconv); do
  [[ -e $root$library ]] || install -D "$(readlink -f "$library")" "$root$library"
done
cp -RL "$npm" "$root/usr/local/lib/node_modules/npm"
for command in npm npx; do
  ln -s "../lib/node_modules/npm/bin/$command-cli.js" "$root/usr/local/bin/$command"
done
cp -L /etc/os-release "$root/etc/os-release"
printf '%s\n' root:x:0:0:root:/root:/bin/sh node:x:1000:1000::/home/node:/bin/sh >"$root/etc/passwd"
printf '%s\n' root:x:0: node:x:1000: >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
install -d -o 1000 -g 1000 "$root/home/node"

changes=(
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  --change 'LABEL org.opencontainers.image.title="a local stand-in, not the official Node image"'
  --change 'CMD ["node"]'
)
certificates=/etc/ssl/certs/ca-certificates.crt
if [[ -s $certificates ]]; then
  cp -L "$certificates" "$root$certificates"
  changes+=(--change "ENV NODE_EXTRA_CA_CERTS=$certificates" --change "ENV SSL_CERT_FILE=$certificates")
fi
tar -C "$root" --numeric-owner -c . | docker import "${changes[@]}" - "$tag" >/dev/null
docker image inspect "$tag" --format 'node-base-image: {{index .RepoTags 0}}, {{.Size}} bytes' >&2
