# 300 connections with data flowing, compared byte by byte, while the holder of their address is lost: agent killed with
# SIGKILL, link cut, drained; there and back; alone and with a pod added and removed elsewhere in the same second. Mooring in
# Direct and in Nat mode, beside keepalived with plain destination NAT and connection tracking (kube-proxy's way) and
# keepalived with HAProxy. A connection is alive when it still echoes what it is sent at the end.
source scripts/lib/survive-peers.sh

connections=300
[[ -n $quick ]] && connections=60

vip_holder() { k get vip "$1" -o 'jsonpath={.status.holder}'; }

# keep SYSTEM=ADDRESS,... SECONDS COMMAND...: what is alive after the command, of the connections to each address.
keep() {
  local addresses seconds=$2 system tries clients=()
  IFS=, read -ra addresses <<<"$1"
  shift 2
  for system in "${addresses[@]}"; do
    rm -f "$work/${system%=*}.open"
    in_place client dotnet "$program" hold --target "${system#*=}:9000" --connections "$connections" \
      --duration "${seconds}s" --patience 90s --json >"$work/${system%=*}.report" 2>"$work/${system%=*}.open" &
    clients+=($!)
  done
  for system in "${addresses[@]%=*}"; do
    for tries in $(seq 300); do
      grep -q open "$work/$system.open" 2>/dev/null && break
      sleep 0.1
    done
    grep -q open "$work/$system.open" || die "$system: the connections were not opened: $(cat "$work/$system.open")"
  done
  "$@"
  wait "${clients[@]}"
  for system in "${addresses[@]%=*}"; do
    jq -e ".opened == $connections" "$work/$system.report" >/dev/null ||
      die "$system: not every connection was opened: $(cat "$work/$system.report")"
  done
}

# lose VIP HOW POOL: the holder there, and the next one back.
lose() {
  local vip=$1 how=$2 pool=$3 node tries other change
  for other in 1 2; do
    node=$(vip_holder "$vip")
    if [[ $pool == yes ]]; then
      # Elsewhere than on the node that is lost.
      (box pod add extra "$([[ $node == node-1 ]] && echo node-2 || echo node-1)" && sleep 0.5 && box pod remove extra) &
      change=$!
    fi
    box node "$how" "$node"
    for tries in $(seq 150); do
      [[ $(vip_holder "$vip") != "$node" ]] && break
      sleep 0.1
    done
    [[ $pool == no ]] || wait "$change"
    box node "$([[ $how == drain ]] && echo undrain || echo heal)" "$node"
    sleep 1.5
  done
}

result() { # SYSTEM HOW POOL
  jq --arg system "$1" --arg how "$2" --arg pool "$3" \
    '{key: ($system + "-" + $how + (if $pool == "yes" then "-pool" else "" end)), alive, opened, stall: .longestStallMilliseconds, errors}' \
    "$work/$1.report" >>"$work/results"
}

start_box
k apply -f manifests/examples/stream.yaml >/dev/null
sed 's/name: stream$/name: stream-nat/; s/backendPool: stream$/backendPool: stream-nat/; s/10.70.0.101/10.70.0.102/; s/^spec:$/&/' \
  manifests/examples/stream.yaml | sed '/addresses:/i\  forwarding: Nat' | k apply -f - >/dev/null
k wait --for=condition=Ready vip/stream vip/stream-nat --timeout=60s >/dev/null
[[ $(k get vip stream -o 'jsonpath={.status.forwarding.mode}') == Direct ]] || die "stream is not forwarded directly"
[[ $(k get vip stream-nat -o 'jsonpath={.status.forwarding.mode}') == Nat ]] || die "stream-nat is not in Nat mode"

: >"$work/results"
hows='kill cut drain'
start_peers
for how in $hows; do
  for pool in no yes; do
    with=$([[ $pool == no ]] || echo ', with a change of the pool')
    for mode in direct nat; do
      vip=stream address=10.70.0.101
      [[ $mode == direct ]] || { vip=stream-nat address=10.70.0.102; }
      say "$mode: $how$with"
      whole
      keep "$mode=$address" 14 lose "$vip" "$how" "$pool"
      result "$mode" "$how" "$pool"
    done
    say "keepalived with plain NAT and with HAProxy: $how$with"
    whole
    keep "dnat=$dnat_address,haproxy=$haproxy_address" 14 lose_peer "$how" "$pool"
    result dnat "$how" "$pool"
    result haproxy "$how" "$pool"
  done
done
stop_peers

printf '%-40s %7s %7s %12s\n' "CONNECTIONS ALIVE AFTER THERE AND BACK" ALIVE OF "STALL (ms)"
jq -rs '.[] | [.key, .alive, .opened, .stall] | @tsv' "$work/results" |
  while IFS=$'\t' read -r key alive opened stall; do
    printf '%-40s %7d %7d %12.0f\n' "$key" "$alive" "$opened" "$stall"
  done
finish "$(jq -s '{unit: "share", runs: ., figures: (map({key: ("survive-" + .key), value: (.alive / .opened)}) | from_entries)}' "$work/results")"
