# How long a pod goes on getting new connections after it fell out: after the failing answer to its health check that
# decided, by the pod's own clock, and after the API server was told that it is not Ready. Clients open a connection every
# 5 ms each: one outside, whom the holder serves, and one on each of the three nodes. What counts is when the pod got its
# last connection of any of them. With the control plane, and again with controller and API server stopped.

runs=${runs:-20}
[[ -n $quick ]] && runs=3
need_packages conntrack
readonly pod=web-2 endpoint=10.71.1.3:8080 places=(client node-1 node-2 node-3)

# A verb straight to the daemon, so that starting a program is not measured.
daemon() { curl -sf --max-time 40 --unix-socket "$state/daemon.sock" -X "${2:-POST}" "http://sandbox$1"; }
pause() { read -rt "$1" <>"$work/never" || true; } # sleep without a process

start_clients() {
  local place
  for place in "${places[@]}"; do
    # The process itself, not a shell around it, is to be told to stop.
    (exec ip netns exec "mr-$box-$place" dotnet "$program" probe --url http://10.70.0.100/ --duration 0 --json \
      >"$work/$place.json") &
    clients+=($!)
  done
  for place in "${places[@]:1}"; do
    # Which node gave which connection to which pod, and when it forgot it.
    (exec ip netns exec "mr-$box-$place" conntrack -E -p tcp --orig-dst 10.70.0.100 -e NEW,DESTROY -o timestamp -b 8388608 \
      >"$work/$place.flows" 2>/dev/null) &
    watchers+=($!)
  done
  pause 4
}

mark() { echo "$EPOCHREALTIME $1" >>"$work/marks"; } # what was done to the pod, and when

# lost_requests KEY PLACE: each request that the client lost, what was done last before it, and what became of its connection.
lost_requests() {
  local at port line
  jq -r '.lost[] | [(.at | sub("\\+00:00$"; "Z")), .port, .milliseconds, .error] | @tsv' "$work/$2.json" |
    while IFS=$'\t' read -r at port line; do
      awk -v at="$(date -d "$at" +%s.%6N)" -v port="$port" -v rest="$line" -v key="$1" -v place="$2" -v when="$at" '
        FILENAME ~ /marks$/ { if ($1 <= at) { since = at - $1; $1 = ""; last = substr($0, 2) } next }
        {
          time = substr($1, 2) + 0
          if (time < at - 0.1 || time > at + 3 || index($0, " sport=" port " ") == 0) next
          node = FILENAME; sub(/.*\//, "", node); sub(/\.flows$/, "", node)
          split($0, parts, "src="); split(parts[3], backend, " ")
          flows = flows sprintf("; %s %s %s at %+.0f ms", node, $2 == "[NEW]" ? "to" : "forgot", backend[1], (time - at) * 1000)
        }
        END {
          split(rest, parts, "\t")
          printf "%s\t%s\t%s\t%s\t%s ms\t%s\t%s\n", key, place, when, parts[2], parts[1],
            last == "" ? "nothing yet" : sprintf("%s, %.0f ms ago", last, since * 1000), flows == "" ? "no node saw it" : substr(flows, 3)
        }' "$work/marks" "$work"/*.flows
    done >>"$work/requests"
}

# stop_clients KEY: notes what they lost.
stop_clients() {
  local place
  kill -TERM "${clients[@]}" "${watchers[@]}"
  wait "${clients[@]}" "${watchers[@]}" || true
  clients=() watchers=()
  for place in "${places[@]}"; do
    jq -e '.requests > 100 and (.pods | length) == 6' "$work/$place.json" >/dev/null ||
      die "the client in $place got no answers: $(jq -c '{requests, failures, errors, pods}' "$work/$place.json")"
    jq --arg key "$1" --arg place "$place" '{key: $key, place: $place, requests, failures, errors}' "$work/$place.json" >>"$work/lost"
    lost_requests "$1" "$place"
  done
}

# Changes of the pod's verdict in the agents' logs since a time: "TIME healthy" or "TIME unhealthy".
verdicts() { # SINCE NODE...
  local since=$1 node
  shift
  for node in "$@"; do
    sed -n "s/^\([^ ]*Z\) .*Backend $endpoint of default\/web:8080 is \(healthy\|unhealthy\).*/\1 \2/p" "$state/logs/$node.log"
  done | awk -v since="$since" '$1 >= since' | sort
}

# Until no agent that checks it calls the pod unhealthy.
recovered() {
  local tries node waiting
  for tries in $(seq 200); do
    waiting=''
    for node in node-1 node-2 node-3; do
      [[ $(verdicts 0 "$node" | tail -1) == *" unhealthy" ]] && waiting=1
    done
    [[ -z $waiting ]] && { pause 0.3; return; }
    pause 0.1
  done
  die "the pod did not come back"
}

# measure KEY AT STATUS: from AT to the last connection that the pod got, in ms, at least 0: most often that was before.
# starved counts pods that had none in the second before the status was taken, of the five that nothing happened to.
measure() {
  jq --arg key "$1" --arg at "$2" --arg pod "$pod" --arg now "$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)" '
    def seconds: capture("^(?<whole>[^.Z]*)(?<part>\\.[0-9]+)?Z?(\\+00:00)?$") |
      (.whole + "Z" | fromdateiso8601) + ((.part // "0") | tonumber);
    ($at | seconds) as $start
    | {key: $key,
       by: (.pods[] | select(.name == $pod) | .lastRequests | map_values([((seconds) - $start) * 1000, 0] | max)),
       starved: [.pods[] | select(.name != $pod) | [.lastRequests[] | seconds] | max | select(. == null or . < ($now | seconds) - 1)] | length}
    | .ms = ([.by[]] | max)' <<<"$3" >>"$work/results"
}

# fail KEY: the pod answers its health checks by 503 and everything else as before.
fail() {
  local since first at status
  since=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
  mark 'it fails'
  daemon "/pods/$pod/fail?failure=Unhealthy"
  pause 3.5
  status=$(daemon /status GET)
  first=$(verdicts "$since" node-1 node-2 node-3 | awk '$2 == "unhealthy" && !found { print $1; found = 1 }')
  [[ -n $first ]] || die "no agent found that the pod fails"
  # The failing answer after which the first agent was sure.
  at=$(jq -r --arg pod "$pod" '.pods[] | select(.name == $pod) | .failingAnswers[]' <<<"$status" |
    sed 's/+00:00$/Z/' | awk -v first="$first" '$1 <= first { at = $1 } END { print at }')
  if [[ -n $at ]]; then
    measure "$1" "$at" "$status"
  else
    say "the check found no answer in time before it was given a failing one: the machine is too busy, this run does not count"
  fi
  mark 'it passes'
  daemon "/pods/$pod/fail?failure=None"
  recovered
}

unready() {
  local at
  mark 'it is not Ready'
  daemon "/pods/$pod/unready"
  at=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
  pause 1.5
  measure unready "$at" "$(daemon /status GET)"
  mark 'it is Ready'
  daemon "/pods/$pod/heal"
  whole
}

start_box
state=$(dirname "$KUBECONFIG")
clients=() watchers=()
mkfifo "$work/never"
: >"$work/results"
: >"$work/lost"
: >"$work/marks"
: >"$work/requests"
start_clients
for run in $(seq "$runs"); do
  say "run $run of $runs"
  fail fail
  unready
done
stop_clients up
say "the same with controller and API server stopped"
daemon /controller/kill
daemon /apiserver/stop
start_clients
for run in $(seq "$runs"); do
  fail alone-fail
done
stop_clients alone

figures=$(jq -s 'def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  group_by(.key) | map({key: .[0].key, runs: length, median: (map(.ms) | median), worst: (map(.ms) | max), starved: (map(.starved) | add),
    by: (map(.by | to_entries[]) | group_by(.key) | map({key: .[0].key, value: (map(.value) | max)}) | from_entries)})' "$work/results")
printf '%-40s %5s %10s %10s %8s  %s\n' "NEW CONNECTIONS AFTER THE VERDICT (ms)" RUNS MEDIAN WORST STARVED "WORST BY CLIENT"
jq -r '.[] | [.key, .runs, .median, .worst, .starved, (.by | to_entries | map("\(.key) \(.value | round)") | join(", "))] | @tsv' <<<"$figures" |
  while IFS=$'\t' read -r key count median worst starved by; do
    printf '%-40s %5s %10.1f %10.1f %8s  %s\n' "$key" "$count" "$median" "$worst" "$starved" "$by"
  done
jq -rs 'group_by(.key)[] | "requests lost, control plane \(if .[0].key == "up" then "up" else "stopped" end): \(map(.failures) | add) of \(map(.requests) | add)" +
  (map(select(.failures > 0) | "; \(.place): \(.failures) (\(.errors | to_entries | map("\(.key) \(.value)") | join(", ")))") | join(""))' "$work/lost"
if [[ -s $work/requests ]]; then
  mkdir -p artifacts/bench
  printf 'plane\tclient\tat\terror\tafter\tlast event\tconnection\n' | cat - "$work/requests" >artifacts/bench/verdict-lost.tsv
  head -20 artifacts/bench/verdict-lost.tsv | column -t -s $'\t'
  say "every request that was lost is in artifacts/bench/verdict-lost.tsv"
fi
finish "$(jq --slurpfile lost "$work/lost" '{unit: "ms", runs: ., figures: ((map({key: ("verdict-" + .key + "-median"), value: .median},
  {key: ("verdict-" + .key + "-worst"), value: .worst}, {key: ("verdict-" + .key + "-starved"), value: .starved}) | from_entries)
  + ($lost | group_by(.key) | map({key: ("verdict-" + .[0].key + "-lost"), value: (map(.failures) | add)}) | from_entries))}' <<<"$figures")"
