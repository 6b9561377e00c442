# 300 connections with data flowing, compared byte by byte, while the holder of their address is lost: agent killed with
# SIGKILL, link cut, drained; there and back; alone and with a pod added and removed elsewhere in the same second. Mooring in
# Direct mode, beside destination NAT with connection tracking on the holder (kube-proxy's way), which is its Nat mode, and
# keepalived with HAProxy. A connection is alive when it still echoes what it is sent at the end.

connections=300
[[ -n $quick ]] && connections=60
readonly peer_address=10.70.0.151

vip_holder() { k get vip "$1" -o 'jsonpath={.status.holder}'; }

# keep ADDRESS SECONDS COMMAND...: counts what is alive after the command.
keep() {
  local address=$1 seconds=$2 client tries
  shift 2
  rm -f "$work/open" "$work/report"
  in_place client dotnet "$program" hold --target "$address:9000" --connections "$connections" \
    --duration "${seconds}s" --patience 90s --json >"$work/report" 2>"$work/open" &
  client=$!
  for tries in $(seq 300); do
    grep -q open "$work/open" 2>/dev/null && break
    sleep 0.1
  done
  grep -q open "$work/open" || die "the connections were not opened: $(cat "$work/open")"
  "$@"
  wait "$client"
  jq -e ".opened == $connections" "$work/report" >/dev/null || die "not every connection was opened: $(cat "$work/report")"
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
    "$work/report" >>"$work/results"
}

start_peers() {
  local node priority number pods
  need_packages haproxy
  for number in 1 2; do
    node=node-$number priority=$((200 - number * 50))
    pods=$(for other in 1 2 3; do for pod in 2 3; do echo "  server p$other$pod 10.71.$other.$pod:9000"; done; done)
    cat >"$work/$node.haproxy" <<CONF
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen echo
  bind $peer_address:9000 transparent
  balance roundrobin
$pods
CONF
    cat >"$work/$node.keepalived" <<CONF
global_defs {
  vrrp_version 3
}
vrrp_instance survive {
  interface eth0
  state BACKUP
  virtual_router_id 52
  priority $priority
  advert_int 0.1
  virtual_ipaddress {
    $peer_address/32
  }
}
CONF
    in_place "$node" haproxy -f "$work/$node.haproxy" >"$work/$node.haproxy.log" 2>&1 &
    echo $! >"$work/$node.haproxy.pid"
    in_place "$node" keepalived --dont-fork --log-console --vrrp --use-file "$work/$node.keepalived" \
      --pid "$work/$node.pid" --vrrp_pid "$work/$node.vrrp.pid" >"$work/$node.keepalived.log" 2>&1 &
    disown -a
  done
  peer_held_by node-1
}

# Processes of a program in a node's network.
peer_processes() { # NODE PROGRAM
  local process
  for process in $(ip netns pids "mr-$box-$1" 2>/dev/null); do
    [[ $(cat "/proc/$process/comm" 2>/dev/null) != "$2" ]] || echo "$process"
  done
}

stop_peers() {
  local node name
  for node in node-1 node-2; do
    for name in keepalived haproxy; do
      # shellcheck disable=SC2046 # one word a process
      kill -9 $(peer_processes "$node" "$name") 2>/dev/null || true
    done
    in_place "$node" ip addr del "$peer_address/32" dev eth0 2>/dev/null || true
  done
}

peer_held_by() {
  local tries
  for tries in $(seq 100); do
    in_place "$1" ip -4 addr show dev eth0 | grep -q "$peer_address" && return
    sleep 0.1
  done
  die "keepalived did not settle"
}

lose_peer() { # cut: keepalived's own kill leaves the address where it is until somebody takes it away
  box node cut node-1
  sleep 2
  box node heal node-1
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
for how in $hows; do
  for pool in no yes; do
    for mode in direct nat; do
      vip=stream address=10.70.0.101
      [[ $mode == direct ]] || { vip=stream-nat address=10.70.0.102; }
      say "$mode: $how$([[ $pool == yes ]] && echo ', with a change of the pool')"
      whole
      keep "$address" 14 lose "$vip" "$how" "$pool"
      result "$mode" "$how" "$pool"
    done
  done
done
say "keepalived and HAProxy: cut"
start_peers
keep "$peer_address" 8 lose_peer
result haproxy cut no
stop_peers

printf '%-40s %7s %7s %12s\n' "CONNECTIONS ALIVE AFTER THERE AND BACK" ALIVE OF "STALL (ms)"
jq -rs '.[] | [.key, .alive, .opened, .stall] | @tsv' "$work/results" |
  while IFS=$'\t' read -r key alive opened stall; do
    printf '%-40s %7d %7d %12.0f\n' "$key" "$alive" "$opened" "$stall"
  done
finish "$(jq -s '{unit: "share", runs: ., figures: (map({key: ("survive-" + .key), value: (.alive / .opened)}) | from_entries)}' "$work/results")"
