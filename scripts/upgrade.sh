#!/usr/bin/env bash
# Upgrades from another version of this repository to the working copy, and downgrades again, while a client asks every 5 ms: custom
# resource definitions, controller, then one agent after the other. In between each agent starts without a controller, from the snapshot
# that the other version has written. Exit status 0 only if the address was never away for long. A few minutes, most of them to build.
#   scripts/upgrade.sh [COMMIT]     the other version; without it the last tag, or HEAD~20
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

other=${1:-$(git describe --tags --abbrev=0 2>/dev/null || echo HEAD~20)}
most_outage_ms=1000
name=upgrade url=http://10.70.0.100/

need_root
need_packages iproute2 util-linux libnftables1 jq unzip curl
source scripts/lib/kubectl.sh
build src/Mooring.Sandbox

work=$(mktemp -d --suffix=-mooring-upgrade)
finish() {
  local status=$?
  [[ $status == 0 ]] || tail -n 15 "/run/mooring-sandbox/$name/logs"/*.log >&2 2>/dev/null || true
  sandbox down --name "$name" >/dev/null 2>&1 || true
  git worktree remove --force "$work/source" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

git worktree add --quiet --detach "$work/source" "$other"
mkdir "$work/old" "$work/new"
cp -r "$work/source/crds" "$work/old/" && cp -r crds "$work/new/"
for program in controller agent; do
  say "publishing mooring-$program of $other, and of this version"
  with_progress publish dotnet publish "$work/source/src/Mooring.${program^}" -c Release -o "$work/old/$program" -v quiet --nologo
  with_progress publish dotnet publish "src/Mooring.${program^}" -c Release -o "$work/new/$program" -v quiet --nologo
done

run() { ln -sfn "$work/$1" "$work/current"; }
box() { sandbox "$@" --name "$name"; }
k() { "$KUBECTL" "$@"; }
ready() {
  k wait --for=condition=Ready vip/web --timeout=120s >/dev/null
  k wait --for=jsonpath='{.status.readyBackends}'=6/6 vip/web --timeout=120s >/dev/null
}
# wait_for COMMAND...: until it succeeds, for 120 s.
wait_for() {
  local deadline=$((SECONDS + 120))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "never: $*"
    sleep 0.2
  done
}
started_from_disk() { tail -n +"$(($2 + 1))" "$logs/$1.log" | grep -qE 'working from snapshot [1-9]'; }

# change VERSION: everything to that version, a part after the other.
change() {
  say "to $1"
  k apply --server-side --force-conflicts -f "$work/$1/crds" >/dev/null
  run "$1"
  box controller kill >/dev/null
  for node in node-1 node-2 node-3; do
    local before
    before=$(wc -l <"$logs/$node.log")
    box node stop "$node" >/dev/null
    box node start "$node" >/dev/null
    wait_for started_from_disk "$node" "$before"
    # Back among the candidates before the next one goes, as minReadySeconds has it in the chart.
    sleep 5
  done
  box controller start >/dev/null
  ready
  k get vip web
}

run old
export MOORING_AGENT=$work/current/agent/mooring-agent.dll MOORING_CONTROLLER=$work/current/controller/mooring-controller.dll
sandbox up --name "$name" >/dev/null
KUBECONFIG=$(box status --json | jq -r .kubeconfig)
logs=$(box status --json | jq -r .logs)
export KUBECONFIG
k apply --server-side --force-conflicts -f "$work/old/crds" >/dev/null
k apply -f manifests/examples/web.yaml >/dev/null
ready

ip netns exec "mr-$name-client" dotnet "$ROOT/src/Mooring.Sandbox/bin/$CONFIGURATION/net10.0/mooring-sandbox.dll" \
  probe --url "$url" --duration 0 --json >"$work/seen" &
client=$!
change new
change old
kill -TERM "$client"
wait "$client" || true

jq '{requests, failures, longestOutageMilliseconds}' "$work/seen"
jq -e --argjson most "$most_outage_ms" '.requests > 1000 and .longestOutageMilliseconds <= $most' "$work/seen" >/dev/null ||
  die "the address was away for longer than $most_outage_ms ms"
echo "From $other to this version and back, without losing the address."
