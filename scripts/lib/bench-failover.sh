# Outage seen by a client that opens a connection every 5 ms, when the holder's link is cut and when its program is killed
# with SIGKILL: Mooring at its defaults beside keepalived (VRRPv3, advert_int 1 and 0.1), interleaved, in the same network namespaces.
#
# keepalived has an address of its own on the same nodes, node-1 before node-2, and each node translates it to a pod of
# its own by a plain DNAT rule. After kill -9 the kernel goes on forwarding in both systems.

runs=10
[[ -n $quick ]] && runs=1
readonly peer_address=10.70.0.150

# outage URL COMMAND...: milliseconds that the client was without an answer around the command.
outage() {
  local url=$1 report=$work/report
  shift
  in_place client dotnet "$program" probe --url "$url" --timeout 250ms --duration 6s --json >"$report" &
  local client=$!
  sleep 1.5
  "$@"
  wait "$client"
  jq -e '.requests > 100 and (.pods | length) > 0' "$report" >/dev/null || die "the client got no answer at all: $(jq -c '{requests, failures, errors}' "$report")"
  jq .longestOutageMilliseconds "$report"
}

holder() { k get vip web -o 'jsonpath={.status.holder}'; }

ours() { # cut|kill
  local node
  whole
  node=$(holder)
  outage http://10.70.0.100/ box node "$1" "$node"
  box node heal "$node"
}

start_peers() { # advert_int
  local node priority number
  for number in 1 2; do
    node=node-$number priority=$((200 - number * 50))
    cat >"$work/$node.conf" <<CONF
global_defs {
  vrrp_version 3
  script_user root
}
vrrp_instance bench {
  interface eth0
  state BACKUP
  virtual_router_id 51
  priority $priority
  advert_int $1
  virtual_ipaddress {
    $peer_address/32
  }
}
CONF
    in_place "$node" nft -f - <<NFT
table ip bench_peer
delete table ip bench_peer
table ip bench_peer {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr $peer_address tcp dport 80 dnat to 10.71.$number.2:8080
  }
}
NFT
    start_peer "$node"
  done
  peer_settles
}

start_peer() {
  in_place "$1" keepalived --dont-fork --log-console --vrrp --use-file "$work/$1.conf" \
    --pid "$work/$1.pid" --vrrp_pid "$work/$1.vrrp.pid" >"$work/$1.log" 2>&1 &
  disown
}

# peer_processes NODE: ids of the node's keepalived and its child, by the network they run in.
peer_processes() {
  local process
  for process in $(ip netns pids "mr-$box-$1" 2>/dev/null); do
    if [[ $(cat "/proc/$process/comm" 2>/dev/null) == keepalived ]]; then
      echo "$process"
    fi
  done
}

# signal_peer NODE SIGNAL: the program and its child.
signal_peer() {
  local processes
  processes=$(peer_processes "$1")
  # shellcheck disable=SC2086 # one word a process
  [[ -z $processes ]] || kill "-$2" $processes 2>/dev/null || true
}

# end_peer NODE: until nothing of it runs, as a second keepalived would not start beside the first.
end_peer() {
  local tries
  signal_peer "$1" TERM
  for tries in $(seq 50); do
    [[ -n $(peer_processes "$1") ]] || break
    [[ $tries != 30 ]] || signal_peer "$1" KILL
    sleep 0.1
  done
  rm -f "$work/$1.pid" "$work/$1.vrrp.pid"
}

stop_peers() {
  local node
  for node in node-1 node-2; do
    end_peer "$node"
    in_place "$node" ip addr del "$peer_address/32" dev eth0 2>/dev/null || true
    in_place "$node" nft delete table ip bench_peer 2>/dev/null || true
  done
}

# Until node-1 alone has the address.
peer_settles() {
  local tries
  for tries in $(seq 300); do
    if in_place node-1 ip -4 addr show dev eth0 | grep -q "$peer_address" &&
      ! in_place node-2 ip -4 addr show dev eth0 | grep -q "$peer_address"; then
      return
    fi
    sleep 0.1
  done
  tail -5 "$work"/node-*.log >&2
  die "keepalived did not settle"
}

theirs() { # cut|kill
  peer_settles
  if [[ $1 == cut ]]; then
    outage "http://$peer_address/" box node cut node-1
    box node heal node-1
  else
    outage "http://$peer_address/" signal_peer node-1 KILL
    end_peer node-1
    in_place node-1 ip addr del "$peer_address/32" dev eth0 2>/dev/null || true
    start_peer node-1
    peer_settles
  fi
}

start_box
: >"$work/results"
for run in $(seq "$runs"); do
  say "run $run of $runs"
  for event in cut kill; do
    ms=$(ours "$event")
    printf 'mooring-%s\t%s\n' "$event" "$ms" >>"$work/results"
  done
  for interval in 1 0.1; do
    start_peers "$interval"
    for event in cut kill; do
      [[ -n $quick && $interval == 1 && $event == kill ]] && continue
      theirs "$event" >"$work/ms"
      printf 'keepalived-%s-%s\t%s\n' "$interval" "$event" "$(cat "$work/ms")" >>"$work/results"
    done
    stop_peers
  done
done

figures=$(jq -Rn '[inputs | split("\t") | {key: .[0], ms: (.[1] | tonumber)}]
  | group_by(.key) | map({key: .[0].key, value: (map(.ms) | sort)}) | from_entries' <"$work/results")
printf '%-26s %5s %12s %12s\n' "OUTAGE OF A CLIENT (ms)" RUNS MEDIAN WORST
jq -r 'def median: if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  to_entries[] | [.key, (.value | length), (.value | median), (.value | max)] | @tsv' <<<"$figures" |
  while IFS=$'\t' read -r key count median worst; do
    printf '%-26s %5s %12.1f %12.1f\n' "$key" "$count" "$median" "$worst"
  done
finish "$(jq 'def median: if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  {unit: "ms", runs: ., figures: (with_entries({key: (.key + "-median"), value: (.value | median)})
    + with_entries({key: (.key + "-worst"), value: (.value | max)}))}' <<<"$figures")"
