#!/usr/bin/env bash
# Builds a root filesystem of the shape of the Dockerfile's image, by debootstrap instead of from a registry, and runs both programs from
# it in the sandbox: reach an address, kill its holder, reach it again. So what the image installs is all that they need.
# The base system is kept in ~/.cache/mooring; --fresh fetches it again. About a minute, two with --fresh.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

need_root
need_packages debootstrap iproute2 util-linux jq unzip curl
source scripts/lib/kubectl.sh
build src/Mooring.Sandbox

# Debian's names of what mcr.microsoft.com/dotnet/runtime-deps installs, and what the Dockerfile adds, without versions.
runtime_deps="ca-certificates libgcc-s1 libicu72 libssl3 libstdc++6 tzdata zlib1g"
added=$(sed -nE 's/.*apt-get install -y --no-install-recommends ([^\\]*).*/\1/p' Dockerfile | sed -E 's/=[^ ]*//g')
[[ $added == *libnftables1* ]] || die "the Dockerfile installs no libnftables1: its line has changed"
packages="$runtime_deps $added"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/rootfs-$(md5sum <<<"$packages" | cut -c1-8).tar
[[ ${1:-} != --fresh ]] || rm -f "$cache"

name=rootfs url=http://10.70.0.100/
root=$(mktemp -d --suffix=-mooring-root)
finish() {
  local status=$?
  [[ $status == 0 ]] || tail -n 20 "/run/mooring-sandbox/$name/logs"/*.log >&2 2>/dev/null || true
  sandbox down --name "$name" >/dev/null 2>&1 || true
  for place in run/mooring-sandbox proc dev; do umount -l "$root/$place" 2>/dev/null || true; done
  # Never through a mount that is still there.
  rm -rf --one-file-system "$root"
}
trap finish EXIT

if [[ ! -f $cache ]]; then
  say "debootstrap"
  mkdir -p "${cache%/*}"
  with_progress debootstrap debootstrap --variant=minbase --include="$(echo $packages | tr ' ' ,)" bookworm "$root" >"$root.log" ||
    die "$(tail -5 "$root.log")"
  rm -f "$root.log"
  tar -C "$root" -cf "$cache.new" . && mv "$cache.new" "$cache"
else
  tar -C "$root" -xf "$cache"
fi

# In place of the image's own: the runtime, without the SDK.
dotnet_home=$(dirname "$(readlink -f "$(command -v dotnet)")")
mkdir -p "$root/usr/share/dotnet/shared"
cp -a "$dotnet_home/dotnet" "$dotnet_home/host" "$root/usr/share/dotnet/"
cp -a "$dotnet_home"/shared/Microsoft.{NETCore,AspNetCore}.App "$root/usr/share/dotnet/shared/"
for program in controller agent; do
  say "publishing mooring-$program"
  with_progress publish dotnet publish "src/Mooring.${program^}" -c "$CONFIGURATION" -o "$root/opt/mooring/$program" -v quiet --nologo
  ln -s "/opt/mooring/$program/mooring-$program" "$root/usr/local/bin/mooring-$program"
done

mkdir -p "$root/run/mooring-sandbox" /run/mooring-sandbox
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind /run/mooring-sandbox "$root/run/mooring-sandbox"

say "the sandbox, with both programs from $root"
export MOORING_ROOT=$root
sandbox up --name "$name" >/dev/null
KUBECONFIG=$(sandbox status --name "$name" --json | jq -r .kubeconfig)
export KUBECONFIG
holder() { "$KUBECTL" get vip web -o 'jsonpath={.status.holder}'; }
fetch() { sandbox exec --name "$name" client -- curl -sS --max-time 5 --retry 10 --retry-all-errors --retry-delay 1 "$url"; }

"$KUBECTL" apply -f manifests/examples/web.yaml
"$KUBECTL" wait --for=condition=Ready vip/web --timeout=90s
fetch
first=$(holder)
agent=$(sandbox status --name "$name" --json | jq -r ".nodes[] | select(.name == \"$first\") | .agent.processId")
[[ $(readlink "/proc/$agent/root") == "$root" ]] || die "the agent does not run from $root"
echo
echo "native libraries of the agent of $first:"
grep -oE '/[^ ]+\.so[^ ]*' "/proc/$agent/maps" | sort -u | sed "s#$root##; s#.*/##; s#^#  #"

sandbox node kill "$first" --name "$name"
"$KUBECTL" wait --for=jsonpath='{.status.lastFailover.reason}'=HeartbeatTimeout vip/web --timeout=60s
fetch
echo
[[ $(holder) != "$first" ]] || die "$first still holds the address"
echo "Both programs ran from the root filesystem, $(du -sm --one-file-system "$root" | cut -f1) MB: $first held the address, then $(holder)."
