#!/usr/bin/env bash
# A virtual IP in a cluster in a box: reach it, fail a pod, kill its holder's agent, cut the new holder's cable, and
# see what a steady client saw of it. Exit status 0 only if all of it worked.
#
#   scripts/demo.sh          takes everything down again
#   scripts/demo.sh --keep   leaves it running and says how to use kubectl on it
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

keep=
case ${1:-} in
  "") ;;
  --keep) keep=1 ;;
  *) die "usage: scripts/demo.sh [--keep]" ;;
esac

name=demo vip=10.70.0.100 url=http://10.70.0.100/
# The client starts a request on a new connection every 5 ms; the longest it may go without an answer.
most_outage_ms=1000

need_root
need_packages iproute2 util-linux libnftables1 jq unzip curl
source scripts/lib/kubectl.sh
build src/Mooring.Controller src/Mooring.Agent src/Mooring.Sandbox

work=$(mktemp -d)
good=1
finish() {
  local status=$?
  rm -rf "$work"
  if [[ $status -ne 0 && -d ${logs:-/nonexistent} ]]; then
    tail -n 20 "$logs"/*.log >&2 || true
  fi
  if [[ -z $keep ]]; then
    sandbox down --name "$name" >/dev/null
  fi
}
trap finish EXIT

sandbox down --name "$name" >/dev/null
sandbox up --name "$name" >"$work/up"
grep '^»' "$work/up" >&2 || true
KUBECONFIG=$(sandbox status --name "$name" --json | jq -r .kubeconfig)
logs=$(sandbox status --name "$name" --json | jq -r .logs)
export KUBECONFIG
k() { "$KUBECTL" "$@"; }
in_client() { sandbox exec --name "$name" client -- "$@"; }
holder() { k get vip web -o 'jsonpath={.status.holder}'; }

# A steady client for the time $1, its report in the file $2.
probe() {
  in_client dotnet "$ROOT/src/Mooring.Sandbox/bin/$CONFIGURATION/net10.0/mooring-sandbox.dll" \
    probe --url "$url" --duration "$1" --json >"$2"
}

# wait_until SECONDS WHAT COMMAND...: until the command succeeds.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)); then
      fail "$what"
      return 1
    fi
    sleep 0.1
  done
}

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  good=0
}

rows=()
# row WHAT FILE MOST_FAILURES MOST_OUTAGE_MS: judges a report and keeps a line of the table.
row() {
  local requests failures outage verdict=ok
  requests=$(jq .requests "$2") failures=$(jq .failures "$2") outage=$(jq .longestOutageMilliseconds "$2")
  # The median is over what was answered: a client that heard nothing at all has none.
  if ! jq -e --argjson f "$3" --argjson o "$4" \
    '.requests > 100 and (.pods | length) > 0 and .failures <= $f and .longestOutageMilliseconds <= $o
      and (.outages | all(.ended))' "$2" >/dev/null; then
    verdict=FAILED
    good=0
  fi
  rows+=("$(printf '%-34s %9s %9s %12s   %s' "$1" "$requests" "$failures" "$outage" "$verdict")")
}

say "kubectl apply -f manifests/examples/web.yaml"
k apply -f manifests/examples/web.yaml
k wait --for=condition=Ready vip/web --timeout=60s
wait_until 30 "six backends ready" k wait --for=jsonpath='{.status.readyBackends}'=6/6 vip/web --timeout=1s
k get vip
k describe vip web

say "the client resolves $vip by ARP, and the network answers with the holder's MAC address"
in_client curl -s --max-time 5 "$url"
neighbour=$(in_client ip -j neigh show "$vip" | jq -r '.[0].lladdr')
first=$(holder)
mac=$(sandbox exec --name "$name" "$first" -- cat /sys/class/net/eth0/address)
echo "client: $vip is at $neighbour; holder $first has $mac"
[[ $neighbour == "$mac" ]] || fail "the client's neighbour entry is not the holder's"

say "a steady client, nothing broken"
probe 3s "$work/steady"
row "steady" "$work/steady" 0 0

say "pod web-1 fails its health check"
probe 6s "$work/pod" &
client=$!
sleep 1
sandbox pod fail web-1 --name "$name"
wait_until 15 "five backends ready" k wait --for=jsonpath='{.status.readyBackends}'=5/6 vip/web --timeout=1s
wait "$client"
row "pod fails its check" "$work/pod" 0 0
probe 2s "$work/without"
row "after the verdict" "$work/without" 0 0
jq -e '.pods["web-1"] == null and (.pods | length) == 5' "$work/without" >/dev/null ||
  fail "web-1 still gets connections: $(jq -c .pods "$work/without")"
sandbox pod heal web-1 --name "$name"
wait_until 15 "six backends ready again" k wait --for=jsonpath='{.status.readyBackends}'=6/6 vip/web --timeout=1s
probe 2s "$work/back"
row "pod recovered" "$work/back" 0 0
jq -e '.pods["web-1"] > 0' "$work/back" >/dev/null || fail "web-1 gets no connection: $(jq -c .pods "$work/back")"

say "kill -9 of the agent on the holder, $first"
probe 6s "$work/kill" &
client=$!
sleep 2
sandbox node kill "$first" --name "$name"
wait "$client"
row "kill -9 of the holder's agent" "$work/kill" 1000000 "$most_outage_ms"
moved() { [[ $(holder) != "$1" && -n $(holder) ]]; }
wait_until 10 "another holder than $first" moved "$first" || true
second=$(holder)
echo "holder: $first -> $second"
sandbox node heal "$first" --name "$name"
# The agent that comes back stands by: only then has the next failure somewhere to go.
candidate_ready() { k get vip web -o json | jq -e --arg n "$1" '.status.candidates[] | select(.node == $n) | .eligible'; }
wait_until 15 "$first stands by again" candidate_ready "$first" || true

say "the cable of the new holder, $second, is cut"
probe 6s "$work/cut" &
client=$!
sleep 2
sandbox node cut "$second" --name "$name"
wait "$client"
row "cut cable of the holder" "$work/cut" 1000000 "$most_outage_ms"
wait_until 10 "another holder than $second" moved "$second" || true
third=$(holder)
echo "holder: $second -> $third"
sandbox node heal "$second" --name "$name"
probe 2s "$work/end"
row "after all of it" "$work/end" 0 0

k get vip
k describe vip web | sed -n '/^Events:/,$p'
echo
printf '%-34s %9s %9s %12s\n' "WHAT THE CLIENT SAW" REQUESTS FAILURES "OUTAGE (ms)"
printf '%s\n' "${rows[@]}"
echo
if [[ $good -ne 1 ]]; then
  echo "The demo FAILED." >&2
  exit 1
fi
echo "All of it worked: each outage under $most_outage_ms ms."
if [[ -n $keep ]]; then
  echo
  echo "It is still up. Use it:"
  echo "  export KUBECONFIG=$KUBECONFIG"
  echo "  $KUBECTL get vip,bp,pods,nodes"
  echo "  alias mooring-sandbox='dotnet $ROOT/src/Mooring.Sandbox/bin/$CONFIGURATION/net10.0/mooring-sandbox.dll'"
  echo "  mooring-sandbox exec client -- curl -s $url"
  echo "  mooring-sandbox down"
fi
