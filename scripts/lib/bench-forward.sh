# What it costs to send requests, bulk data and small UDP packets by way of a load balancer, as a ratio to the same
# client, the same two hops and the same pods without one. Every system has a turn at each test before the next one
# begins, in another order every round.
#   none     the client's route leads to the pod's node
#   routed   the client's route leads to the pod's node by way of the holder, which only routes
#   nat      Mooring where no address is forwarded directly
#   direct   Mooring's Direct mode
#   beside   Mooring's Nat mode on nodes that forward another address directly
#   kube     the rules of kube-proxy's nftables mode
#   haproxy, nginx       TCP mode and stream, on the holder
# The pods are on another node than the holder, on the same segment. Both cores are busy all the time, so a rate is the
# inverse of the CPU time that a request or a packet takes.
source scripts/lib/forward-peers.sh

rounds=7
[[ -n $quick ]] && rounds=1
rounds=${runs:-$rounds}
readonly connections=32 asked=1000
readonly tests=(keepalive close bulk udp)
if [[ -n $quick ]]; then
  phases=("none nat kube haproxy nginx" "none direct kube")
else
  phases=("none routed nat kube haproxy nginx" "none routed direct beside kube")
fi

declare -A requests=([none]="10.73.5.2 10.73.5.3" [routed]="10.74.5.2 10.74.5.3" [direct]=10.70.0.151 [nat]=10.70.0.152 [beside]=10.70.0.152
  [kube]=$kube_address [haproxy]=$plain_address [nginx]=$plain_address)
declare -A request_port=([none]=$http [routed]=$http [direct]=80 [nat]=80 [beside]=80 [kube]=80 [haproxy]=81 [nginx]=82)
declare -A stream=([none]=10.73.5.2 [routed]=10.74.5.2 [direct]=10.70.0.151 [nat]=10.70.0.152 [beside]=10.70.0.152
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
  io.write(string.format("result %d %d %d\n", summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
LUA

requests() { # SYSTEM SECONDS OPTION...: requests per second
  local system=$1 span=$2
  shift 2
  ADDRESSES=${requests[$system]} PORT=${request_port[$system]} in_place client \
    wrk -t2 -c"$connections" -d"${span}s" -s "$work/addresses.lua" "$@" "http://${requests[$system]%% *}:${request_port[$system]}/" \
    >"$work/wrk"
  awk '$1 == "result" && $2 > 100 && $4 < $2 / 1000 { print $2 * 1e6 / $3; good = 1 } END { exit !good }' "$work/wrk" ||
    die "$system did not answer the requests: $(cat "$work/wrk")"
}

latencies() { # SYSTEM OPTION...: p50 and p99 (us) of requests one after the other, the dial included
  local system=$1
  shift
  in_place client curl -s --max-time 20 -o /dev/null -w '%{http_code} %{time_total}\n' "$@" \
    "http://${requests[$system]%% *}:${request_port[$system]}/?[1-$asked]" | sort -n -k2 |
    awk -v asked="$asked" '$1 == 200 { times[++count] = $2 * 1e6 }
      END { print times[int(count * .5)], times[int(count * .99)]; exit count < asked }' ||
    die "$system did not answer every request"
}

streams() { # SYSTEM SECONDS FILTER OPTION...: what the filter reads from iperf3's report
  local system=$1 span=$2 filter=$3
  shift 3
  in_place client iperf3 --client "${stream[$system]}" --port "${stream_port[$system]:-$bulk}" --time "$span" --json "$@" \
    >"$work/iperf" || die "$system did not carry the stream: $(jq -r .error "$work/iperf")"
  jq -re "$filter" "$work/iperf" || die "$system: no figure in the report: $(jq -c "del(.intervals)" "$work/iperf")"
}

one() { # TEST SYSTEM SECONDS
  case $1 in
    keepalive) { requests "$2" "$3" && latencies "$2"; } | paste -sd' ' ;;
    close) { requests "$2" "$3" -H 'Connection: close' && latencies "$2" -H 'Connection: close'; } | paste -sd' ' ;;
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
  serve "pod-web-$number" "$(k get pod "web-$number" -o 'jsonpath={.status.podIP}')"
done
k label pod web-1 bulk=yes >/dev/null

# forward MODE: an address in that mode.
forward() {
  local name=${1,,}
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
metadata: {name: $name}
spec:
  addresses: ["${requests[$name]}"]
  forwarding: $1
  nodeSelector: {edge: "yes"}
  ports:
    - {name: http, port: 80, backendPool: web, targetPort: $http}
    - {name: bulk, port: 5201, backendPool: bulk, targetPort: $bulk}
    - {name: bulk-udp, port: 5201, protocol: UDP, backendPool: bulk, targetPort: $bulk}
YAML
  k wait --for=condition=Ready "vip/$name" --timeout=60s >/dev/null
  [[ $(k get vip "$name" -o 'jsonpath={.status.forwarding.mode}') == "$1" ]] || die "$name is not in mode $1"
  local tries
  for tries in $(seq 20); do
    if in_place client curl -sf --max-time 1 "http://${requests[$name]}/" >/dev/null; then
      return
    fi
  done
  die "$name does not answer"
}

# Ports of connections that were closed are free again before they run out, everywhere alike.
for place in $(ip netns list | sed -n "s/^mr-$box-\([^ ]*\).*/\1/p"); do
  in_place "$place" sysctl -qw net.ipv4.ip_local_port_range="1024 65000" 2>/dev/null || true
  in_place "$place" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=5 2>/dev/null || true
done

: >"$work/results"
for phase in "${!phases[@]}"; do
  forward "$([[ $phase == 0 ]] && echo Nat || echo Direct)"
  read -ra systems <<<"${phases[phase]}"
  say "warming up ${systems[*]}"
  for system in "${systems[@]}"; do
    requests "$system" 1 >/dev/null
  done
  for round in $(seq "$rounds"); do
    say "round $round of $rounds"
    for test in "${tests[@]}"; do
      for turn in "${!systems[@]}"; do
        system=${systems[(turn + round) % ${#systems[@]}]}
        [[ $test-$system != udp-haproxy ]] || continue
        figures=$(one "$test" "$system" 1)
        printf '%s\t%s\t%s\t%s\t%s\n' "$phase" "$round" "$test" "$system" "${figures// /$'\t'}" >>"$work/results"
      done
    done
  done
done

# A ratio is the median over the rounds of what was measured right after each other; of latencies it is turned over, so that
# more is better.
results=$(jq -Rn '
  def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  def ratio($one; $other): [$one, $other] | transpose | map(.[0] / .[1]) | median;
  [inputs | split("\t") | {phase: .[0], test: .[2], system: .[3], rate: (.[4] | tonumber), p50: (.[5] // empty | tonumber), p99: (.[6] // empty | tonumber)}
    // {phase: .[0], test: .[2], system: .[3], rate: (.[4] | tonumber)}]
  | group_by([.phase, .test, .system])
  | map({phase: .[0].phase, test: .[0].test, system: .[0].system, rates: map(.rate)}
      + if .[0].p50 then {p50: map(.p50), p99: map(.p99)} else {} end)
  | . as $all
  | map(. as $row | .rate = (.rates | median)
    | .over = ([$all[] | select(.phase == $row.phase and .test == $row.test)
        | {key: .system, value: ({rate: ratio($row.rates; .rates)}
            + if $row.p50 then {p50: ratio(.p50; $row.p50), p99: ratio(.p99; $row.p99)} else {} end)}] | from_entries))' <"$work/results")
printf '%-10s %-8s %10s %9s %7s %9s %7s %9s %7s\n' TEST SYSTEM RATE "/ none" "/ kube" "P50 us" "/ none" "P99 us" "/ none"
jq -r 'def median: sort | .[length / 2 | floor];
  sort_by([(.test | {keepalive: 0, close: 1, bulk: 2, udp: 3}[.]), .phase, -.over.none.rate])[]
  | [.test, .system, .rate, .over.none.rate, .over.kube.rate]
    + if .p50 then [(.p50 | median), .over.none.p50, (.p99 | median), .over.none.p99] else [] end | @tsv' <<<"$results" |
  while IFS=$'\t' read -r test system rate none kube p50 p50none p99 p99none; do
    # shellcheck disable=SC2086 # nothing where there is no latency
    printf "%-10s %-8s %10.$([[ $test == bulk ]] && echo 2 || echo 0)f %9.2f %7.2f ${p50:+%9.0f %7.2f %9.0f %7.2f}\n" \
      "$test" "$system" "$rate" "$none" "$kube" $p50 $p50none $p99 $p99none
  done
finish "$(jq '{unit: "ratio", runs: ., figures: (
  (map({key: "forward-\(.system)-\(.test)", value: .over.none.rate})
    + map(. as $row | select(.system | IN("nat", "direct", "beside")) | .over | to_entries[] | select(.key | IN("kube", "haproxy", "nginx"))
      | .key as $other | .value | to_entries[]
      | {key: ("forward-\($row.system)-\($other)-\($row.test)" + if .key == "rate" then "" else "-" + .key end), value: .value}))
  | from_entries)}' <<<"$results")"
