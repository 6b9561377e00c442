#!/usr/bin/env bash
# Runs one benchmark, prints a table and writes artifacts/bench/NAME.json.
#   scripts/bench.sh failover    outage seen by a client when the holder is lost or moved, beside keepalived (30 minutes)
#   scripts/bench.sh spread      1,000 addresses on 5 nodes: outage of each when its node dies, and how even the rest is
#   scripts/bench.sh heartbeat   CPU of the heartbeats of 1,000 addresses, and how late their thread runs on a busy runtime
#   scripts/bench.sh footprint   resident memory of the agents and the controller
#   scripts/bench.sh verdict     how long a pod gets new connections after its last failing answer, with and without control plane
#   scripts/bench.sh health      10,000 endpoints checked every 5 s: CPU, memory and lateness, beside HAProxy
#   scripts/bench.sh survive     long-lived connections through the loss of the holder, beside NAT and HAProxy
#   scripts/bench.sh forward     requests, throughput and packets through Direct and Nat, beside kube-proxy's rules, HAProxy and nginx
#   scripts/bench.sh sync        10,000 services: load, one change, memory and latency, beside kube-proxy-style chains
#   scripts/bench.sh kube        lists and watches through the informer, beside a plain loop; memory of its cache
#   scripts/bench.sh scale       a controller with 1,000 simulated agents, 10,000 VirtualIps and 100,000 endpoints
#   --quick                      fewer runs: under 60 s once everything is built
#   --runs N                     how often each event of failover is done, 10 without it
#   --check                      exit status 1 when a target in docs/benchmarks.md is missed
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

bench='' quick='' check='' runs=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --quick) quick=1 ;;
    --check) check=1 ;;
    --runs) runs=${2:-} && [[ $runs =~ ^[1-9][0-9]*$ ]] || die "--runs: a number of runs, 1 or more"; shift ;;
    -*) die "usage: scripts/bench.sh NAME [--quick] [--runs N] [--check]" ;;
    *) bench=$1 ;;
  esac
  shift
done
[[ -f scripts/lib/bench-$bench.sh ]] || die "usage: scripts/bench.sh NAME [--quick] [--runs N] [--check]; NAME is one of: $(
  for file in scripts/lib/bench-*.sh; do basename "${file#scripts/lib/bench-}" .sh; done | paste -sd' ')"

need_packages jq

readonly box=${BENCH_SANDBOX:-bench}
program=$ROOT/src/Mooring.Sandbox/bin/$CONFIGURATION/net10.0/mooring-sandbox.dll
work=$(mktemp -d)
box() { dotnet "$program" "$@" --name "$box" >/dev/null; }
in_place() { local place=$1; shift; ip netns exec "mr-$box-$place" "$@"; }
k() { "$KUBECTL" "$@"; }
stop_peers() { :; }
box_down() { :; }
trap 'stop_peers; box_down; rm -rf "$work"' EXIT

# up_box OPTION...: a sandbox, empty.
up_box() {
  need_root
  need_packages iproute2 util-linux libnftables1 nftables unzip curl keepalived procps
  source scripts/lib/kubectl.sh
  build src/Mooring.Controller src/Mooring.Agent src/Mooring.Sandbox
  box_down() { box down || true; }
  say "bringing the sandbox up"
  box down
  box up "$@"
  KUBECONFIG=$(dotnet "$program" status --name "$box" --json | jq -r .kubeconfig)
  export KUBECONFIG
}

# A cluster with the example applied and everything ready.
start_box() {
  up_box
  k apply -f manifests/examples/web.yaml >/dev/null
  k wait --for=condition=Ready vip/web --timeout=60s >/dev/null
  whole
}

# Waits until three nodes may hold the address and all six backends are ready.
whole() {
  local tries
  for tries in $(seq 300); do
    if k get vip web -o json | jq -e '(.status.holder // "") != "" and .status.readyBackends == "6/6"
      and ([.status.candidates[] | select(.eligible and .reason != "AgentAway")] | length == 3)' >/dev/null; then
      return
    fi
    sleep 0.2
  done
  die "the cluster did not become whole again"
}

# target KEY: "at-most LIMIT" or, where the row of docs/benchmarks.md whose first cell is KEY says ≥, "at-least LIMIT".
target() {
  awk -F'|' -v key="$1" '{ gsub(/[ `]/, "", $2) } $2 == key {
    sense = index($4, "≥") ? "at-least" : "at-most"
    gsub(/[^0-9.]/, "", $4)
    if ($4 != "") print sense, $4
  }' docs/benchmarks.md
}

# finish JSON: keeps the figures and compares those that have a target.
finish() {
  mkdir -p artifacts/bench
  jq . <<<"$1" >"artifacts/bench/$bench.json"
  say "figures are in artifacts/bench/$bench.json"
  [[ -n $check ]] || return 0
  local missed=0 key value sense limit verdict
  while IFS=$'\t' read -r key value; do
    read -r sense limit < <(target "$key") || continue
    if jq -en "if \"$sense\" == \"at-least\" then $value >= $limit else $value <= $limit end" >/dev/null; then
      verdict=ok
    else
      verdict=MISSED
      missed=1
    fi
    printf '%-7s %s: %s, target %s %s\n' "$verdict" "$key" "$value" "${sense/-/ }" "$limit"
  done < <(jq -r '.figures | to_entries[] | [.key, .value] | @tsv' <<<"$1")
  return "$missed"
}

source "scripts/lib/bench-$bench.sh"
