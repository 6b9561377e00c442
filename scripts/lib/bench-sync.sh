# 100, 1,000 and 10,000 services of ten endpoints each, in a network namespace of their own: the agent from the bytes of a
# snapshot to the kernel, one change after another, and the latency of packets through the rules. Beside it in the same
# run: a chain per service and per endpoint, as kube-proxy's nftables mode writes them, loaded and changed by nft -f.

need_root
need_packages iproute2 nftables
build tests/Mooring.Benchmarks
program=tests/Mooring.Benchmarks/bin/$CONFIGURATION/net10.0/Mooring.Benchmarks.dll
client=$box-sync-client node=$box-sync-node pod=$box-sync-pod
sizes=(100 1000 10000)
# Chains of 10,000 services take nft 1.0.6 minutes.
changes=3000 kube_changes=10 kube_limit=600
[[ -n $quick ]] && changes=500 kube_changes=3 kube_limit=20

in_node() { ip netns exec "$node" "$@"; }
remove_namespaces() {
  local name
  for name in "$client" "$node" "$pod"; do ip netns del "$name" 2>/dev/null || true; done
}
stop_peers() { remove_namespaces; }

# The client and the pod are one hop from the node; all endpoints that are there are the pod's.
make_namespaces() {
  local name
  remove_namespaces
  for name in "$client" "$node" "$pod"; do
    ip netns add "$name"
    ip -n "$name" link set lo up
  done
  ip -n "$client" link add eth0 type veth peer name client netns "$node"
  ip -n "$pod" link add eth0 type veth peer name pod netns "$node"
  ip -n "$client" address add 10.98.0.2/24 dev eth0
  ip -n "$node" address add 10.98.0.1/24 dev client
  ip -n "$node" address add 10.99.1.1/24 dev pod
  ip -n "$pod" address add 10.99.1.2/24 dev eth0
  for name in 1 2 3 4 5 6 7 8 9 10; do ip -n "$pod" address add "10.99.0.$name/32" dev lo; done
  ip -n "$client" link set eth0 up
  ip -n "$pod" link set eth0 up
  ip -n "$node" link set client up
  ip -n "$node" link set pod up
  ip -n "$client" route add default via 10.98.0.1
  ip -n "$pod" route add default via 10.99.1.1
  ip -n "$node" route add 10.99.0.0/24 via 10.99.1.2
  in_node sysctl -qw net.ipv4.ip_forward=1
}

# kube_rules SERVICES: a table as kube-proxy writes it. The addresses are those of SyncSnapshots.cs.
kube_rules() {
  awk -v services="$1" '
    function endpoint(s, e) {
      return probed(s) ? "10.99.0." e : "10." (110 + int(s / 250)) "." (s % 250) "." e
    }
    function probed(s) { return s % (services / 10) == 0 && s / (services / 10) < 10 }
    BEGIN {
      print "table ip kube-proxy {"
      print " chain mark-for-masquerade { meta mark set meta mark or 0x4000; }"
      for (s = 0; s < services; s++) {
        picks = ""
        for (e = 1; e <= 10; e++) {
          printf " chain endpoint-%d-%d { ip saddr %s jump mark-for-masquerade; meta l4proto tcp dnat to %s:8080; }\n", s, e, endpoint(s, e), endpoint(s, e)
          picks = picks (e > 1 ? ", " : "") (e - 1) " : goto endpoint-" s "-" e
        }
        address = "10.100." int(s / 250) "." (s % 250 + 1)
        printf " chain service-%d { ip daddr %s tcp dport 80 ip saddr != 10.98.0.0/16 jump mark-for-masquerade; numgen random mod 10 vmap { %s }; }\n", s, address, picks
        elements = elements (s > 0 ? ", " : "") address " . tcp . 80 : goto service-" s
      }
      print " map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = { " elements " }; }"
      print " chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }"
      print " chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }"
      print " chain nat-output { type nat hook output priority -100; policy accept; jump services; }"
      print " chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept; meta mark & 0x4000 != 0 masquerade; }"
      print "}"
    }'
}

# kube_change SERVICE N: one endpoint is another: its chain is written anew, and nothing else.
kube_change() {
  echo "flush chain ip kube-proxy endpoint-$1-5"
  echo "add rule ip kube-proxy endpoint-$1-5 ip saddr 10.250.0.$2 jump mark-for-masquerade"
  echo "add rule ip kube-proxy endpoint-$1-5 meta l4proto tcp dnat to 10.250.0.$2:8080"
}

millis() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", (to - from) * 1000 }'; }

figures='{}'
put() { figures=$(jq --arg key "sync-$1" --argjson value "$2" '. + {($key): $value}' <<<"$figures"); }
probe() { # probe WHAT SIZE SERVICES
  local result key
  result=$(in_node dotnet "$program" sync-probe "$client" "$pod" "$3")
  for key in connect round-trip; do put "$1-$key-$2" "$(jq ".[\"$key\"]" <<<"$result")"; done
}

for size in "${sizes[@]}"; do
  say "$size services: the agent"
  make_namespaces
  [[ $size == "${sizes[0]}" ]] && probe none "$size" 0
  result=$(in_node dotnet "$program" sync "$size" "$changes")
  for key in load change-p50 change-p99 change-max saved-p50 saved-p99 verdict-p50 verdict-p99 vip-p50 vip-p99 agent kernel drift restart; do
    put "$key-$size" "$(jq ".[\"$key\"]" <<<"$result")"
  done
  probe mooring "$size" "$size"

  say "$size services: chains as kube-proxy writes them"
  make_namespaces
  kube_rules "$size" >"$work/kube.nft"
  from=$EPOCHREALTIME
  if ! in_node timeout "$kube_limit" nft -f "$work/kube.nft"; then
    say "not loaded within $kube_limit s"
    continue
  fi
  put "kube-load-$size" "$(millis "$from")"
  for ((change = 1; change <= kube_changes; change++)); do
    kube_change "$((size / 2 + change))" "$change" >"$work/change.nft"
    from=$EPOCHREALTIME
    in_node nft -f "$work/change.nft"
    millis "$from"
    echo
  done | sort -g >"$work/kube-changes"
  put "kube-change-p50-$size" "$(awk '{ line[NR] = $1 } END { print line[int((NR + 1) / 2)] }' "$work/kube-changes")"
  probe kube "$size" "$size"
done
put change-ratio "$(jq '(100 * .["sync-change-p99-10000"] / .["sync-change-p99-100"] | round) / 100' <<<"$figures")"
put connect-ratio "$(jq '(100 * .["sync-mooring-connect-10000"] / .["sync-mooring-connect-100"] | round) / 100' <<<"$figures")"
put round-trip-ratio "$(jq '(100 * .["sync-mooring-round-trip-10000"] / .["sync-mooring-round-trip-100"] | round) / 100' <<<"$figures")"

figure() { jq -r --arg key "sync-$1" '.[$key] // "-"' <<<"$figures"; }
row() { # row TITLE KEY
  printf '%-46s' "$1"
  for size in "${sizes[@]}"; do printf ' %10s' "$(figure "$2-$size")"; done
  echo
}
printf '%-46s' 'SERVICES OF 10 ENDPOINTS'
printf ' %10s' "${sizes[@]}"
echo
row 'load, ms' load
row '  chains, nft -f' kube-load
row 'one endpoint changed, p50, ms' change-p50
row '  p99' change-p99
row '  saved and acknowledged, p50' saved-p50
row '  p99' saved-p99
row '  chains, nft -f, p50' kube-change-p50
row 'one verdict, p50, ms' verdict-p50
row '  p99' verdict-p99
row 'one VirtualIp removed or added, p50, ms' vip-p50
row '  p99' vip-p99
row 'agent, MB resident' agent
row 'kernel, MB' kernel
row 'read back after a restart, ms' restart
row 'foreign change found and repaired, ms' drift
row 'new connection, µs' mooring-connect
row '  chains' kube-connect
row 'round trip, µs' mooring-round-trip
row '  chains' kube-round-trip
printf 'without rules: new connection %s µs, round trip %s µs\n' "$(figure none-connect-100)" "$(figure none-round-trip-100)"
finish "$(jq '{unit: "ms, MB, µs or ratios", figures: .}' <<<"$figures")"
