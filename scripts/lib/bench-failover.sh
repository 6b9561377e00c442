# Outage seen by clients that open a connection every 5 ms, when the holder is lost in several ways and when its address
# is moved on purpose: Mooring at 100 ms x 3 and 10 ms x 3 beside keepalived (VRRPv3) at advert_int 1, 0.1 and 0.01,
# interleaved in one run, in the same network namespaces.
#
# Two clients ask all the time. The one called cold forgets the address's neighbour entry at the event, so that it needs
# an answer to ARP; the warm one goes on sending to the old holder until it hears of the new one. The pods run on a node
# that nothing happens to. After kill -9 the kernel goes on forwarding in both systems.
source scripts/lib/keepalived.sh

readonly address=10.70.0.100 holders=(node-1 node-2 node-3)
if [[ -n $quick ]]; then
  runs=${runs:-1}
  plan=(mooring-100ms:kill,cut,drain mooring-10ms:cut keepalived-0.1s:cut,kill)
  alone=() carrier=''
else
  runs=${runs:-10}
  plan=(mooring-100ms:kill,freeze,cut,remove,drain,stop,roll mooring-10ms:kill,freeze,cut,remove,drain,stop,roll
    keepalived-1s:kill,cut,stop keepalived-0.1s:kill,freeze,cut,remove,stop,roll
    keepalived-0.01s:kill,freeze,cut,remove,stop,roll)
  alone=(kill freeze cut stop) carrier=1
fi

daemon() { curl -sf --max-time 40 --unix-socket "$state/daemon.sock" -X POST "http://sandbox$1"; }
api() { curl -sfk --max-time 5 -H "Authorization: Bearer $token" "$server$1"; }
now() { local now=$EPOCHREALTIME; echo "${now/./}"; } # microseconds
pause() { read -rt "$1" <>"$work/never" || true; }     # sleep without a process

# The node that the warm client sends to.
holder() {
  local mac node
  mac=$(ip -n "mr-$box-client" neigh show to "$address" | sed -n 's/.*lladdr \([^ ]*\).*/\1/p')
  for node in "${holders[@]}"; do
    if [[ ${macs[$node]} == "$mac" ]]; then
      echo "$node"
      return
    fi
  done
  return 1
}

# Until each of the three nodes may hold the address and has its agent; without the API server, until each agent can hear
# heartbeats.
ready() {
  local tries node
  if [[ -n ${apart:-} ]]; then
    for node in "${holders[@]}"; do
      for tries in $(seq 300); do
        if in_place "$node" ss -Hlun "sport = :7947" | grep -q .; then
          break
        fi
        pause 0.1
      done
    done
    pause 1
    return
  fi
  for tries in $(seq 300); do
    if api /apis/mooring.dev/v1alpha1/namespaces/default/virtualips/bench |
      jq -e '.status.holder and ([.status.candidates[] | select(.eligible and .reason != "AgentAway")] | length == 3)' >/dev/null; then
      pause 0.5
      return
    fi
    pause 0.1
  done
  k get vip bench -o json | jq -c '.status | .holder, .candidates' >&2
  die "the cluster did not become whole again"
}

# Clients in two network namespaces. Each writes its report when it is stopped.
start_clients() { # url
  local place
  for place in client cold; do
    # The process itself, not a shell around it, is to be told to stop.
    (exec ip netns exec "mr-$box-$place" dotnet "$program" probe --url "$1" --timeout 250ms --duration 0 --json \
      >"$work/$place.json") &
    clients+=($!)
  done
  pause 1.5
}

stop_clients() {
  kill -TERM "${clients[@]}"
  wait "${clients[@]}" || true
  clients=()
}

forget() { ip -n "mr-$box-cold" neigh flush to "$1" dev eth0 2>/dev/null || true; }

# measure KEY WINDOW FUNCTION EVENT: does the event, and notes what time it took with the window after it.
measure() {
  local start
  pause 0.3
  start=$(now)
  if [[ $4 =~ ^(drain|stop|roll)$ ]]; then
    # It takes a while: the cold client forgets in the midst of it.
    "$3" "$4" &
    local doing=$!
    pause 0.02
    forget "$target"
    wait "$doing"
  else
    "$3" "$4"
    forget "$target"
  fi
  pause "$2"
  printf '%s\t%s\t%s\n' "$1" "$start" "$(now)" >>"$work/events"
}

our_event() {
  local node
  case $1 in
    cut) daemon "/nodes/$victim/cut?silent=false" ;;
    kill | freeze | remove | stop) daemon "/nodes/$victim/$1" ;;
    drain)
      daemon "/nodes/$victim/drain"
      local tries
      for tries in $(seq 50); do
        [[ $(holder) == "$victim" ]] || break
        pause 0.1
      done
      ;;
    roll)
      for node in "${holders[@]}" node-4; do
        daemon "/nodes/$node/restart"
        pause 0.5
        ready
      done
      ;;
  esac
}

our_heal() {
  case $1 in
    drain) daemon "/nodes/$victim/undrain" ;;
    roll) ;;
    *) daemon "/nodes/$victim/heal" ;;
  esac
  if [[ $1 == remove ]]; then
    admit "$victim"
  fi
  ready
}

# Every event of one system at one setting, with clients that ask all the while; appends to the results.
block() { # KEY EVENT...
  local key=$1 event
  shift
  : >"$work/events"
  case $key in
    mooring-*)
      target=$address
      start_clients "http://$target/"
      for event in "$@"; do
        victim=$(holder) || die "nobody answers for $address"
        measure "$key-$event" "$(window "$key")" our_event "$event"
        our_heal "$event"
      done
      ;;
    keepalived-*)
      target=$peer_address
      local interval=${key#keepalived-}
      start_peers "${interval%s}" "$pod:8080"
      start_clients "http://$target/"
      for event in "$@"; do
        measure "$key-$event" "$(window "$key")" peer_event "$event"
        peer_heals "$event"
        if [[ $event == remove ]]; then
          admit node-1
        fi
      done
      ;;
  esac
  stop_clients
  if [[ $key == keepalived-* ]]; then
    stop_peers
  fi
  collect client warm
  collect cold cold
}

# A Node that was created anew has lost its label.
admit() { k label node "$1" edge=yes --overwrite >/dev/null; }

# How long to wait for the end of an outage.
window() {
  case $1 in
    keepalived-1s) echo 4.5 ;;
    *10ms | *0.01s) echo 0.8 ;;
    *) echo 1.3 ;;
  esac
}

# The longest outage that began in each event's time, and the requests that were lost in it.
collect() { # PLACE TEMPERATURE
  local begun
  jq -e '.requests > 100 and (.pods | length) > 0' "$work/$1.json" >/dev/null ||
    die "the $2 client got no answer at all: $(jq -c '{requests, failures, errors}' "$work/$1.json")"
  begun=$(date -d "$(jq -r .startedAt "$work/$1.json")" +%s%6N)
  jq -Rr --slurpfile report "$work/$1.json" --argjson begun "$begun" --arg temperature "$2" '
    split("\t") as [$key, $from, $to]
    | [$report[0].outages[] | ($begun + .startMilliseconds * 1000) as $at
       | select($at >= ($from | tonumber) - 50000 and $at <= ($to | tonumber))]
    | [$key, $temperature, (map(.lengthMilliseconds) | max // 0), (map(.failures) | add // 0)] | @tsv' \
    "$work/events" >>"$work/results"
}

# A second network between the nodes, by which one whose first one loses its carrier can still say so.
add_second_network() {
  local number
  ip -n "mr-$box-switch" link add br1 up type bridge
  for number in 1 2 3 4; do
    ip -n "mr-$box-switch" link add "second-$number" master br1 up type veth peer name eth1 netns "mr-$box-node-$number"
    ip -n "mr-$box-node-$number" addr add "10.72.0.1$number/24" dev eth1
    ip -n "mr-$box-node-$number" link set eth1 up
  done
  pause 3
}

tune() { # interval
  k patch vip bench --type=merge -p "{\"spec\":{\"failover\":{\"heartbeatInterval\":\"$1\",\"detectMultiplier\":3}}}" >/dev/null
  local tries
  for tries in $(seq 100); do
    if api /apis/mooring.dev/v1alpha1/namespaces/default/virtualips/bench |
      jq -e '.status.observedGeneration == .metadata.generation' >/dev/null; then
      pause 0.5
      return
    fi
    pause 0.1
  done
  die "the controller did not see that the heartbeat interval is $1"
}

declare -A macs
clients=()
up_box --nodes 4 --pods 0
state=$(dirname "$KUBECONFIG")
server=$(sed -n 's/^ *server: //p' "$KUBECONFIG") token=$(sed -n 's/^ *token: //p' "$KUBECONFIG")
mkfifo "$work/never"
ip netns add "mr-$box-cold"
ip link add cold netns "mr-$box-switch" type veth peer name eth0 netns "mr-$box-cold"
ip -n "mr-$box-switch" link set cold master br0 up
ip -n "mr-$box-cold" addr add 10.70.0.201/24 dev eth0
ip -n "mr-$box-cold" link set eth0 up
ip -n "mr-$box-cold" route add default via 10.70.0.1
for node in "${holders[@]}"; do
  macs[$node]=$(in_place "$node" cat /sys/class/net/eth0/address)
  admit "$node"
done
for number in 1 2; do
  daemon "/pods/web-$number/add?node=node-4"
done
pod=$(k get pod web-1 -o 'jsonpath={.status.podIP}')
k apply -f - >/dev/null <<YAML
apiVersion: mooring.dev/v1alpha1
kind: BackendPool
metadata: {name: bench}
spec:
  selector: {app: web}
---
apiVersion: mooring.dev/v1alpha1
kind: VirtualIp
metadata: {name: bench}
spec:
  addresses: ["$address"]
  nodeSelector: {edge: "yes"}
  ports:
    - {name: http, port: 80, backendPool: bench, targetPort: 8080}
YAML
k wait --for=condition=Ready vip/bench --timeout=60s >/dev/null
ready

: >"$work/results"
for run in $(seq "$runs"); do
  say "run $run of $runs"
  for entry in "${plan[@]}"; do
    key=${entry%%:*}
    [[ $key == mooring-* ]] && tune "${key#mooring-}"
    IFS=, read -ra events <<<"${entry#*:}"
    block "$key" "${events[@]}"
  done
done
tune 100ms
if [[ ${#alone[@]} -gt 0 ]]; then
  say "the same with controller and API server stopped"
  daemon /controller/kill
  daemon /apiserver/stop
  apart=1
  for run in $(seq "$runs"); do
    block mooring-100ms-alone "${alone[@]}"
  done
  daemon /apiserver/start
  daemon /controller/start
  apart=''
  pause 20
  ready
fi
if [[ -n $carrier ]]; then
  say "a holder that loses carrier and has another path"
  add_second_network
  ready
  for run in $(seq "$runs"); do
    block mooring-100ms-second-path cut
  done
fi

figures=$(jq -Rn 'def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  [inputs | split("\t") | {key: "\(.[0])-\(.[1])", ms: (.[2] | tonumber), lost: (.[3] | tonumber)}]
  | group_by(.key) | map({key: .[0].key, runs: length, median: (map(.ms) | median), worst: (map(.ms) | max), lost: (map(.lost) | max),
      all: map(.ms)})' <"$work/results")
printf '%-42s %5s %10s %10s %6s\n' "OUTAGE OF A CLIENT (ms)" RUNS MEDIAN WORST LOST
jq -r '.[] | [.key, .runs, .median, .worst, .lost] | @tsv' <<<"$figures" |
  while IFS=$'\t' read -r key count median worst lost; do
    printf '%-42s %5s %10.1f %10.1f %6s\n' "$key" "$count" "$median" "$worst" "$lost"
  done
finish "$(jq '(map({key: .key, value: .median}) | from_entries) as $median
  | {unit: "ms", runs: ., figures: (map({key: (.key + "-median"), value: .median}, {key: (.key + "-worst"), value: .worst},
      {key: (.key + "-lost"), value: .lost}) | from_entries)}
  | .figures += ([("warm", "cold") | select($median["keepalived-0.01s-cut-" + .])
      | {("mooring-10ms-cut-" + . + "-over-keepalived"): ($median["mooring-10ms-cut-" + .] / $median["keepalived-0.01s-cut-" + .])}]
      | add // {})' <<<"$figures")"
