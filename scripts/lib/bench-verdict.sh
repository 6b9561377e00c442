# How long a pod goes on getting new connections after the verdict against it: after the holder's agent found that it
# fails its check, and after the API server was told that it is not Ready. A client opens a connection every 5 ms.

runs=${runs:-10}
[[ -n $quick ]] && runs=2

holder() { k get vip web -o 'jsonpath={.status.holder}'; }

# A verb straight to the daemon, so that starting a program is not measured.
daemon() { curl -sf --unix-socket "$state/daemon.sock" -X POST "http://sandbox$1"; }

seconds() { date -u -d "$1" +%s.%N; }

# verdict fail|unready: writes one figure and what was lost to the results.
verdict() {
  local report=$work/report client at last
  in_place client dotnet "$program" probe --url http://10.70.0.100/ --duration 5s --json >"$report" &
  client=$!
  sleep 1
  if [[ $1 == fail ]]; then
    daemon "/pods/web-2/fail?failure=Unhealthy"
    wait "$client"
    # The last line of the holder's agent that says so is of this run.
    at=$(grep "Backend 10.71.1.3:8080 of .* is unhealthy" "$state/logs/$(holder).log" | tail -1 | cut -d' ' -f1)
  else
    daemon /pods/web-2/unready
    at=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
    wait "$client"
  fi
  [[ -n $at ]] || die "no verdict was found"
  # Of the last connection that the pod got, and at least 0: most often that was before the verdict.
  last=$(jq '.lastStartedMilliseconds["web-2"] // 0' "$report")
  jq -n --argjson start "$(seconds "$(jq -r .startedAt "$report")")" --argjson at "$(seconds "$at")" --argjson last "$last" \
    --arg key "$1" --argjson lost "$(jq .failures "$report")" \
    '{key: $key, ms: ([($start - $at) * 1000 + $last, 0] | max), lost: $lost}' >>"$work/results"
  daemon /pods/web-2/heal
  whole
}

start_box
state=$(dirname "$KUBECONFIG")
: >"$work/results"
for run in $(seq "$runs"); do
  say "run $run of $runs"
  verdict fail
  verdict unready
done

figures=$(jq -s 'def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  group_by(.key) | map({key: .[0].key, runs: length, median: (map(.ms) | median), worst: (map(.ms) | max), lost: (map(.lost) | add)})' \
  "$work/results")
printf '%-40s %5s %12s %12s %6s\n' "NEW CONNECTIONS AFTER THE VERDICT (ms)" RUNS MEDIAN WORST LOST
jq -r '.[] | [.key, .runs, .median, .worst, .lost] | @tsv' <<<"$figures" |
  while IFS=$'\t' read -r key count median worst lost; do
    printf '%-40s %5s %12.1f %12.1f %6s\n' "$key" "$count" "$median" "$worst" "$lost"
  done
finish "$(jq '{unit: "ms", runs: ., figures: (map({key: ("verdict-" + .key + "-worst"), value: .worst},
  {key: ("verdict-" + .key + "-lost"), value: .lost}) | from_entries)}' <<<"$figures")"
