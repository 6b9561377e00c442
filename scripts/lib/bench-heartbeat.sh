# Five agents' failover threads in one process on the loopback interface of a namespace: CPU and memory of the heartbeats of
# 1,000 addresses at 100 ms, then how late the threads that send them run at 10 ms, while nothing else happens, while all
# memory is collected every 100 ms, while the thread pool is flooded, and both.

need_root
need_packages iproute2 util-linux
build tests/Mooring.Benchmarks
arguments=(heartbeat)
[[ -n $quick ]] && arguments+=(--quick)
say "measuring"
# shellcheck disable=SC2016 # expanded by the inner shell
figures=$(unshare --net bash -c '
  ip link set lo up
  for number in 1 2 3 4 5; do ip address add "10.70.0.1$number/16" dev lo; done
  exec dotnet "$@"' bash "tests/Mooring.Benchmarks/bin/$CONFIGURATION/net10.0/Mooring.Benchmarks.dll" "${arguments[@]}")

figure() { jq -r ".[\"heartbeat-$1\"]" <<<"$figures"; }
printf '1,000 addresses on 5 nodes at 100 ms, per node: %s %% of a core, %s packets per second, %s bytes allocated per packet\n' \
  "$(figure cpu-percent)" "$(figure packets-per-second)" "$(figure bytes-per-packet)"
printf '%-28s %8s %8s %8s %10s\n' 'LATE BY MS, AT 10 MS' P50 P99 MAX FAILOVERS
for setting in quiet gc pool both; do
  case $setting in
    quiet) what='nothing else' ;;
    gc) what='collections' ;;
    pool) what='busy thread pool' ;;
    both) what='collections, busy pool' ;;
  esac
  printf '%-28s %8s %8s %8s %10s\n' "$what" \
    "$(figure $setting-p50)" "$(figure $setting-p99)" "$(figure $setting-max)" "$(figure $setting-failovers)"
done
finish "$(jq '{unit: "ms, percent or bytes", figures: .}' <<<"$figures")"
