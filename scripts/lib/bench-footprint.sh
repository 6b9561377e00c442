# Resident memory in the demo's setting: three nodes, six pods, one address, after some traffic.

start_box
in_place client dotnet "$program" probe --url http://10.70.0.100/ --duration "$([[ -n $quick ]] && echo 3s || echo 20s)" --json >/dev/null

# rss PATTERN: megabytes of the largest process of this sandbox whose command line matches.
rss() {
  local pid most=0 size
  for pid in $(pgrep -f "$1"); do
    # The ones that only wait for the program (ip netns exec, setpriv) have replaced themselves by it.
    size=$(awk '/^VmRSS/ { print int(($2 + 512) / 1024) }' "/proc/$pid/status" 2>/dev/null || echo 0)
    ((size > most)) && most=$size
  done
  echo "$most"
}
state=$(dirname "$KUBECONFIG")
controller=$(rss "mooring-controller.*$state")
rows=() largest=0
for node in node-1 node-2 node-3; do
  size=$(rss "mooring-agent.*--node-name $node .*$state")
  rows+=("$(printf '%-24s %6s MB' "agent on $node" "$size")")
  ((size > largest)) && largest=$size
done
[[ $controller -gt 0 && $largest -gt 0 ]] || die "the programs were not found: controller $controller MB, agent $largest MB"

printf '%-24s %6s\n' PROGRAM RESIDENT
printf '%s\n' "${rows[@]}"
printf '%-24s %6s MB\n' controller "$controller"
finish "$(jq -n --argjson a "$largest" --argjson c "$controller" \
  '{unit: "MB", figures: {"agent-rss": $a, "controller-rss": $c}}')"
