#!/usr/bin/env bash
# Runs every test and closes with one line: N passed, N failed, N skipped. Exit status 0 only when none failed.
#   scripts/test.sh           everything
#   scripts/test.sh Core      the test projects whose name contains Core
#   scripts/test.sh Core -method '*Maglev*'   the rest goes to each test program (see its -?)
# Needs root (network namespaces, packet sockets); installs what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/common.sh

filter=${1:-}
[[ $# == 0 ]] || shift
limit=${TEST_TIMEOUT:-2400} # seconds for one test project

need_root
need_packages iproute2 iputils-ping nftables libnftables1 conntrack tcpdump arping ndisc6 keepalived jq unzip curl \
  procps util-linux python3-grpcio python3-protobuf python3-prometheus-client prometheus
source scripts/lib/kubectl.sh
build

mkdir -p artifacts/tests
passed=0 failed=0 skipped=0 projects=0
for project in tests/*.Tests; do
  name=${project##*/}
  [[ $name == *"$filter"* ]] || continue
  assembly=$project/bin/$CONFIGURATION/net10.0/$name.dll
  log=artifacts/tests/$name.log
  say "$name"
  result=0
  with_progress "$name" timeout --kill-after=30 "$limit" dotnet "$assembly" -noColor "$@" >"$log" 2>&1 || result=$?
  summary=$(grep -E "^ *$name +Total: " "$log" | tail -1 || true)
  if [[ -z $summary ]]; then
    # Neither a run nor an empty project: it crashed, or ran out of time.
    tail -50 "$log"
    echo "$name ended with status $result and no summary (limit $limit s)"
    failed=$((failed + 1))
    continue
  fi

  count() { sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$summary"; }
  total=$(count Total) errors=$(count Errors) bad=$(count Failed) skip=$(count Skipped)
  unrun=$(count "Not Run")
  total=$((${total:-0} - ${unrun:-0})) errors=${errors:-0} bad=${bad:-0} skip=${skip:-0}
  bad=$((bad + errors))
  # A run that failed outside any test must not pass for green.
  [[ $result != 0 && $bad == 0 ]] && bad=1
  if [[ $bad != 0 ]]; then
    grep -A 25 -E "\[FAIL\]|\[ERROR\]|Unhandled" "$log" || tail -50 "$log"
  fi

  printf '%-32s %4d passed %3d failed %3d skipped\n' "$name" $((total - bad - skip)) "$bad" "$skip"
  [[ $skip != 0 ]] && grep -A 2 -F "[SKIP]" "$log" || true
  passed=$((passed + total - bad - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
  projects=$((projects + 1))
done

if [[ $projects == 0 || $passed == 0 && $failed == 0 ]]; then
  echo "no test ran${filter:+ for '$filter'}" >&2
  failed=$((failed + 1))
fi

echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed == 0 ]]
