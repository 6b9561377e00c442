# What it costs to send requests, bulk data and small UDP packets by way of a load balancer, as a ratio to the same
# client, the same two hops and the same pods without one. Every system has a turn at each test before the next one
# begins, in another order every round.
#   none     the client's route leads to the pod's node
#   routed   the client's route leads to the pod's node by way of the holder, which only routes: nothing can do better
#   direct, nat          Mooring, with its agents, controller and API server at work
#   kube                 the rules of kube-proxy's nftables mode
#   haproxy, nginx       TCP mode and stream, on the holder
# The pods are on another node than the holder, on the same segment. Both cores are busy all the time, so a rate is the
# inverse of the CPU time that a request or a packet takes.
source scripts/lib/forward-peers.sh

seconds=2 rounds=7
[[ -n $quick ]] && seconds=1 rounds=1
rounds=${runs:-$rounds}
readonly connections=32
readonly systems=(none routed direct nat kube haproxy nginx)
readonly tests=(keepalive close bulk udp)

declare -A requests=([none]="10.73.5.2 10.73.5.3" [routed]="10.74.5.2 10.74.5.3" [direct]=10.70.0.151 [nat]=10.70.0.152
  [kube]=$kube_address [haproxy]=$plain_address [nginx]=$plain_address)
declare -A request_port=([none]=$http [routed]=$http [direct]=80 [nat]=80 [kube]=80 [haproxy]=81 [nginx]=82)
declare -A stream=([none]=10.73.5.2 [routed]=10.74.5.2 [direct]=10.70.0.151 [nat]=10.70.0.152
  [kube]=$kube_address [haproxy]=$plain_address [nginx]=$plain_address)
declare -A stream_port=([haproxy]=5211 [nginx]=5221)

# An address of wrk's threads each, in turn: without a load balancer the client has to choose the pod itself.
cat >"$work/addresses.lua" <<'LUA'
local addresses = {}
for address in os.getenv("ADDRESSES"):gmatch("%S+") do
  addresses[#addresses + 1] = wrk.lookup(address, os.getenv("PORT"))[1]
end
local threads = 0
function setup(thread)
  thread.addr = addresses[threads % #addresses + 1]
  threads = threads + 1
end
function done(summary, latency)
  io.write(string.format("result %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
LUA

requests() { # SYSTEM SECONDS OPTION...: requests per second, p50, p99 (us)
  local system=$1 span=$2
  shift 2
  ADDRESSES=${requests[$system]} PORT=${request_port[$system]} in_place client \
    wrk -t2 -c"$connections" -d"${span}s" -s "$work/addresses.lua" "$@" "http://${requests[$system]%% *}:${request_port[$system]}/" \
    >"$work/wrk"
  awk '$1 == "result" && $2 > 100 && $6 < $2 / 1000 { print $2 * 1e6 / $3, $4, $5; good = 1 } END { exit !good }' "$work/wrk" ||
    die "$system did not answer the requests: $(cat "$work/wrk")"
}

streams() { # SYSTEM SECONDS FILTER OPTION...: what the filter reads from iperf3's report
  local system=$1 span=$2 filter=$3
  shift 3
  in_place client iperf3 --client "${stream[$system]}" --port "${stream_port[$system]:-$bulk}" --time "$span" --json "$@" \
    >"$work/iperf" || die "$system did not carry the stream: $(jq -r .error "$work/iperf")"
  jq -r "$filter" "$work/iperf"
}

# one TEST SYSTEM SECONDS
one() {
  case $1 in
    keepalive) requests "$2" "$3" ;;
    close) requests "$2" "$3" -H 'Connection: close' ;;
    bulk) streams "$2" "$3" '.end.sum_received.bits_per_second / 1e9' ;;
    # As fast as it can; counted where it arrives.
    udp) streams "$2" "$3" '(.end.sum.packets - .end.sum.lost_packets) / .end.sum.seconds' --udp --bitrate 0 --length 64 ;;
  esac
}

peers=()
need_packages nginx-light libnginx-mod-stream haproxy wrk iperf3
up_box --nodes 3 --pods 0
start_peers
for node in node-1 node-3; do
  k label node "$node" edge=yes >/dev/null
done
for number in 1 2; do
  box pod add "web-$number" node-2
  serve "pod-web-$number"
done
k label pod web-1 bulk=yes >/dev/null
for mode in Direct Nat; do
  k apply -f - >/dev/null <<YAML
apiVersion: mooring.dev/v1alpha1
kind: BackendPool
metadata: {name: web}
spec:
  selector: {app: web}
---
apiVersion: mooring.dev/v1alpha1
kind: BackendPool
metadata: {name: bulk}
spec:
  selector: {bulk: "yes"}
---
apiVersion: mooring.dev/v1alpha1
kind: VirtualIp
metadata: {name: ${mode,,}}
spec:
  addresses: ["${requests[${mode,,}]}"]
  forwarding: $mode
  nodeSelector: {edge: "yes"}
  ports:
    - {name: http, port: 80, backendPool: web, targetPort: $http}
    - {name: bulk, port: 5201, backendPool: bulk, targetPort: $bulk}
    - {name: bulk-udp, port: 5201, protocol: UDP, backendPool: bulk, targetPort: $bulk}
YAML
done
k wait --for=condition=Ready vip/direct vip/nat --timeout=60s >/dev/null
for mode in Direct Nat; do
  [[ $(k get vip "${mode,,}" -o 'jsonpath={.status.forwarding.mode}') == "$mode" ]] || die "${mode,,} is not in mode $mode"
done
# Ports of connections that were closed are free again before they run out, everywhere alike.
for place in $(ip netns list | sed -n "s/^mr-$box-\([^ ]*\).*/\1/p"); do
  in_place "$place" sysctl -qw net.ipv4.ip_local_port_range="1024 65000" 2>/dev/null || true
  in_place "$place" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=5 2>/dev/null || true
done

: >"$work/results"
say "warming up"
for system in "${systems[@]}"; do
  requests "$system" 1 >/dev/null
done
for round in $(seq "$rounds"); do
  say "round $round of $rounds"
  for test in "${tests[@]}"; do
    for turn in "${!systems[@]}"; do
      system=${systems[(turn + round) % ${#systems[@]}]}
      [[ $test-$system != udp-haproxy ]] || continue
      # shellcheck disable=SC2046 # one word a figure
      printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$round" "$test" "$system" $(one "$test" "$system" "$seconds") >>"$work/results"
    done
  done
done

# By test and system the medians, and the rate as a ratio to that of none; latencies inverted, so that more is better.
results=$(jq -Rn 'def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  [inputs | split("\t") | {test: .[1], system: .[2], rate: (.[3] | tonumber), p50: (.[4] // "" | if . == "" then null else tonumber end),
    p99: (.[5] // "" | if . == "" then null else tonumber end)}]
  | group_by([.test, .system]) | map({test: .[0].test, system: .[0].system, rate: (map(.rate) | median), all: map(.rate),
      p50: (if .[0].p50 then map(.p50) | median else null end), p99: (if .[0].p99 then map(.p99) | median else null end)})
  | group_by(.test) | map((.[] | select(.system == "none")) as $none
      | .[] | .ratio = .rate / $none.rate
      | if .p50 then .p50ratio = $none.p50 / .p50 | .p99ratio = $none.p99 / .p99 else . end)' <"$work/results")
printf '%-10s %-8s %12s %7s %9s %7s %9s %7s\n' TEST SYSTEM RATE RATIO 'P50 us' RATIO 'P99 us' RATIO
for test in "${tests[@]}"; do
  for system in "${systems[@]}"; do
    jq -r --arg test "$test" --arg system "$system" '.[] | select(.test == $test and .system == $system)
      | [.rate, .ratio, .p50, .p50ratio, .p99, .p99ratio] | @tsv' <<<"$results" |
      while IFS=$'\t' read -r rate ratio p50 p50ratio p99 p99ratio; do
        # shellcheck disable=SC2086 # nothing where there is no latency
        printf "%-10s %-8s %12.${digits:=$([[ $test == bulk ]] && echo 2 || echo 0)}f %7.2f ${p50:+%9.0f %7.2f %9.0f %7.2f}\n" \
          "$test" "$system" "$rate" "$ratio" $p50 $p50ratio $p99 $p99ratio
      done
  done
done
finish "$(jq '
  def over($one; $other): . as $all | [$all[] | select(.system == $one)] | map(. as $row
    | ($all[] | select(.system == $other and .test == $row.test)) as $peer
    | {key: "forward-\($one)-\($other)-\($row.test)", value: ($row.ratio / $peer.ratio)},
      (select($row.p50ratio) | {key: "forward-\($one)-\($other)-\($row.test)-p50", value: ($row.p50ratio / $peer.p50ratio)},
        {key: "forward-\($one)-\($other)-\($row.test)-p99", value: ($row.p99ratio / $peer.p99ratio)}));
  {unit: "ratio", runs: ., figures: ((map({key: "forward-\(.system)-\(.test)", value: .ratio})
    + over("direct"; "kube") + over("nat"; "kube") + over("nat"; "haproxy") + over("nat"; "nginx")) | from_entries)}' <<<"$results")"
