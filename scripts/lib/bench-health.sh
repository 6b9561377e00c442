# 10,000 endpoints of 127.10.0.0/16, all of them nginx, checked every 5 s: by the agent's health checks and by HAProxy, at
# the same time, over TCP and over HTTP. CPU time is that of the kernel for each program; HAProxy keeps one thread, the health
# checks the runtime's settings of the agent.

need_packages nginx-light haproxy
build tests/Mooring.Benchmarks
programs=tests/Mooring.Benchmarks/bin/$CONFIGURATION/net10.0
agent=(dotnet exec --runtimeconfig "$programs/mooring-agent.runtimeconfig.json" "$programs/Mooring.Benchmarks.dll")
count=10000
port=18480
warm=15
span=30
[[ -n $quick ]] && warm=8 span=10

peers=()
stop_peers() {
  local pid
  for pid in "${peers[@]}"; do kill "$pid" 2>/dev/null || true; done
}

cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log /dev/null;
worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http { access_log off; server { listen $port backlog=4096; location / { return 200 ok; } } }
CONF
/usr/sbin/nginx -c "$work/nginx.conf" -e /dev/null -p "$work" & peers+=($!)

# haproxy TYPE: a configuration with every endpoint as a server.
haproxy_config() {
  echo "global"
  echo "  nbthread 1"
  echo "defaults"
  echo "  mode http"
  echo "  timeout connect 2s"
  echo "  timeout client 2s"
  echo "  timeout server 2s"
  echo "  timeout check 2s"
  echo "frontend web"
  echo "  bind 127.10.255.1:$((port + 1))"
  echo "  default_backend web"
  echo "backend web"
  [[ $1 == http ]] && echo "  option httpchk GET /"
  echo "  default-server check inter 5s fall 3 rise 2"
  awk -v n="$count" -v port="$port" 'BEGIN { for (i = 0; i < n; i++)
    printf "  server s%d 127.10.%d.%d:%d\n", i, int(i / 250), 1 + i % 250, port }'
}

# Milliseconds of CPU time that a process has used.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' "/proc/$1/stat"; }
rss() { awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"; }

: >"$work/results"
for type in tcp http; do
  say "$type: $count endpoints every 5 s for $span s"
  haproxy_config "$type" >"$work/haproxy.cfg"
  /usr/sbin/haproxy -db -f "$work/haproxy.cfg" >/dev/null 2>&1 & haproxy=$!
  mkfifo "$work/in-$type"
  "${agent[@]}" health-agent "$type" "$count" "$port" <"$work/in-$type" >"$work/out-$type" & mooring=$!
  peers+=("$haproxy" "$mooring")
  exec 9>"$work/in-$type"
  sleep "$warm"
  echo >&9
  before_mooring=$(cpu "$mooring") before_haproxy=$(cpu "$haproxy") start=$(date +%s%N)
  sleep "$span"
  after_mooring=$(cpu "$mooring") after_haproxy=$(cpu "$haproxy")
  elapsed=$(( ($(date +%s%N) - start) / 1000000 ))
  memory_mooring=$(rss "$mooring") memory_haproxy=$(rss "$haproxy")
  exec 9>&-
  wait "$mooring"
  kill "$haproxy"
  wait "$haproxy" 2>/dev/null || true
  tail -1 "$work/out-$type" | jq --arg type "$type" --argjson elapsed "$elapsed" \
    --argjson mooring "$(jq -n "($after_mooring - $before_mooring) * 100 / $elapsed")" \
    --argjson haproxy "$(jq -n "($after_haproxy - $before_haproxy) * 100 / $elapsed")" \
    --argjson memory "$memory_mooring" --argjson peer "$memory_haproxy" \
    '. + {type: $type, seconds: ($elapsed / 1000), cpu: $mooring, rss: $memory, haproxyCpu: $haproxy, haproxyRss: $peer}' >>"$work/results"
done

printf '%-6s %-8s %10s %8s %9s %9s %9s %9s\n' CHECK PROGRAM 'CPU %' 'RSS MB' 'LATE p50' 'p99 ms' 'max ms' FAILED
jq -r '[.type, .cpu, .rss, .p50, .p99, .max, .failures, .haproxyCpu, .haproxyRss] | @tsv' "$work/results" |
  while IFS=$'\t' read -r type cpu rss p50 p99 max failed peer_cpu peer_rss; do
    printf '%-6s %-8s %10.1f %8s %9s %9s %9s %9s\n' "$type" mooring "$cpu" "$rss" "$p50" "$p99" "$max" "$failed"
    printf '%-6s %-8s %10.1f %8s\n' "$type" haproxy "$peer_cpu" "$peer_rss"
  done
finish "$(jq -s '{unit: "percent of a core, MB, ms", runs: ., figures: (map(
  {key: ("health-" + .type + "-cpu"), value: .cpu}, {key: ("health-" + .type + "-rss"), value: .rss},
  {key: ("health-" + .type + "-failed"), value: .failures},
  {key: ("health-" + .type + "-late-p50"), value: .p50}, {key: ("health-" + .type + "-late-p99"), value: .p99},
  {key: ("health-" + .type + "-late-max"), value: .max}) | from_entries)}' "$work/results")"
