# 1,000 addresses over five nodes with heartbeats every 100 ms. The node that holds most of them is switched off: how
# long was each of its addresses without an answer to ARP, and how evenly does the rest hold them afterwards. Before that,
# what the heartbeats cost: CPU time of the failover and heartbeat threads of the busiest agent, in % of a core.

readonly count=$([[ -n $quick ]] && echo 200 || echo 1000) per_vip=10

daemon() { curl -sf --max-time 40 --unix-socket "$state/daemon.sock" -X POST "http://sandbox$1"; }

# cpu NODE: milliseconds that the threads of its agent have used: those of failover, then all.
cpu() {
  local pid tick
  pid=$(dotnet "$program" status --name "$box" --json | jq --arg node "$1" '.nodes[] | select(.name == $node) | .agent.processId')
  tick=$(getconf CLK_TCK)
  # The process first: threads that have ended count for it alone.
  cat /proc/"$pid"/stat /proc/"$pid"/task/*/stat | awk -v tick="$tick" '{
    name = $0; sub(/^[^(]*\(/, "", name); sub(/\).*/, "", name)
    sub(/^.*\) /, "")
    used = ($12 + $13) * 1000 / tick
    if (NR == 1) all = used
    else if (name ~ /failover|heartbeat/) own += used
  } END { printf "%d %d\n", own, all }'
}

up_box --nodes 5 --pods 0
state=$(dirname "$KUBECONFIG")
say "a second network with room for $count addresses"
ip -n "mr-$box-switch" link add br1 up type bridge stp_state 0 forward_delay 0 mcast_snooping 0
ip netns add "mr-$box-asker"
nodes=()
for number in 1 2 3 4 5; do
  ip -n "mr-$box-switch" link add "wide-$number" type veth peer name eth1 netns "mr-$box-node-$number"
  ip -n "mr-$box-switch" link set "wide-$number" master br1 up
  ip -n "mr-$box-node-$number" addr add "10.80.255.$number/16" dev eth1
  ip -n "mr-$box-node-$number" link set eth1 up
  nodes+=("node-$number=$(in_place "node-$number" cat /sys/class/net/eth1/address)")
done
ip -n "mr-$box-switch" link add wide-0 type veth peer name eth1 netns "mr-$box-asker"
ip -n "mr-$box-switch" link set wide-0 master br1 up
ip -n "mr-$box-asker" addr add 10.80.254.1/16 dev eth1
ip -n "mr-$box-asker" link set eth1 up

say "applying $count addresses"
for number in $(seq "$count"); do
  echo "10.80.$((number / 200 + 1)).$((number % 200 + 1))"
done >"$work/addresses"
# All agents share this machine's cores and do not program the addresses in the same moment. So that none loses its turn
# to claim, all are given out in one snapshot (no port can be served while the pool is not there), and with a long interval.
paste -d, $(printf -- '- %.0s' $(seq "$per_vip")) <"$work/addresses" | awk '{
  gsub(/,/, "\", \"")
  printf "---\napiVersion: mooring.dev/v1alpha1\nkind: VirtualIp\nmetadata: {name: many-%d}\nspec:\n  addresses: [\"%s\"]\n", NR, $0
  printf "  ports: [{name: http, port: 80, backendPool: many, targetPort: 80}]\n  failover: {heartbeatInterval: 2s}\n"
}' >"$work/many.yaml"
k apply --server-side -f "$work/many.yaml" >/dev/null
for tries in $(seq 300); do
  known=$(k get vip -o json | jq '[.items[] | select(any(.status.candidates[]?; .eligible)) | select([.status.candidates[] | select(.eligible)] | length == 5)] | length')
  [[ $known == $((count / per_vip)) ]] && break
  sleep 0.5
done
[[ $known == $((count / per_vip)) ]] || die "only $known VirtualIps may be held by each of the five nodes"
k apply --server-side -f - >/dev/null <<YAML
apiVersion: mooring.dev/v1alpha1
kind: BackendPool
metadata: {name: many}
spec: {endpoints: [{address: 10.80.254.1, port: 80}]}
YAML
for tries in $(seq 300); do
  held=$(k get vip -o json | jq '[.items[].status.holders[]? | select(.node)] | length')
  [[ $held == "$count" ]] && break
  sleep 0.5
done
[[ $held == "$count" ]] || die "only $held of $count addresses are held"
sed -i 's/heartbeatInterval: 2s/heartbeatInterval: 100ms/' "$work/many.yaml"
k apply --server-side -f "$work/many.yaml" >/dev/null
sleep 5

say "heartbeats of $count addresses"
declare -A own=() all=()
seconds=$([[ -n $quick ]] && echo 5 || echo 20)
for number in 1 2 3 4 5; do
  read -r own[$number] all[$number] < <(cpu "node-$number")
done
sleep "$seconds"
most_own=0 most_all=0
for number in 1 2 3 4 5; do
  read -r now_own now_all < <(cpu "node-$number")
  spent=$((now_own - own[$number])) spent_all=$((now_all - all[$number]))
  ((spent > most_own)) && most_own=$spent
  ((spent_all > most_all)) && most_all=$spent_all
done

victim=$(k get vip -o json | jq -r '[.items[].status.holders[].node] | group_by(.) | max_by(length)[0]')
say "$victim is switched off"
seen=$(in_place asker timeout 120 python3 scripts/lib/arp-watch.py eth1 10.80.254.1 "$(IFS=,; echo "${nodes[*]}")" "$work/addresses" \
  "$victim" bash -c "
    post() { curl -sf --max-time 40 --unix-socket $state/daemon.sock -X POST http://sandbox/nodes/$victim/\$1; }
    post kill && ip -n mr-$box-switch link set wide-${victim#node-} down && post remove")
figures=$(jq --argjson count "$count" --arg victim "$victim" --argjson own "$most_own" --argjson all "$most_all" --argjson seconds "$seconds" '
  (.after | del(.[$victim])) as $rest
  | {unit: "mixed", seen: ., figures: {
      "spread-outage-median": .median, "spread-outage-worst": .worst, "spread-unanswered": .unanswered,
      "spread-after": (([$rest[]] | max) / ($count / ($rest | length))),
      "spread-heartbeat-cpu": ($own / 10 / $seconds), "spread-agent-cpu": ($all / 10 / $seconds)}}' <<<"$seen")
jq -r '.seen | "addresses before: \(.before | to_entries | map("\(.key) \(.value)") | join(", "))",
  "addresses after:  \(.after | to_entries | map("\(.key) \(.value)") | join(", "))",
  "\(.lost) addresses were lost with their node"' <<<"$figures"
printf '%-28s %12s\n' FIGURE VALUE
jq -r '.figures | to_entries[] | [.key, .value] | @tsv' <<<"$figures" | while IFS=$'\t' read -r key value; do
  printf '%-28s %12.2f\n' "$key" "$value"
done
finish "$figures"
