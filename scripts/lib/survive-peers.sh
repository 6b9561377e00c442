# Sourced by bench-survive.sh: keepalived (VRRPv3) on node-1 and node-2 with two addresses, which it moves together.
#   dnat      translated with connection tracking to a pod at random and masqueraded, as kube-proxy does it
#   haproxy   bound by HAProxy in TCP mode
readonly dnat_address=10.70.0.151 haproxy_address=10.70.0.152

# The echoes: what a change of the pool adds is the argument.
peer_pods() { # [ADDRESS]
  k get pods -l app=web -o json | jq -r '.items[] | select(.metadata.name != "extra") | .status.podIP'
  [[ -z ${1:-} ]] || echo "$1"
}

dnat_rules() { # NODE [ADDRESS]
  local pods
  mapfile -t pods < <(peer_pods "${2:-}")
  in_place "$1" nft -f - <<NFT
table ip bench_peer
delete table ip bench_peer
table ip bench_peer {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr $dnat_address tcp dport 9000 meta mark set meta mark | 0x4000 dnat to numgen random mod ${#pods[@]} map { $(
      for number in "${!pods[@]}"; do printf '%s : %s, ' "$number" "${pods[number]}"; done) }
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    meta mark & 0x4000 == 0 return
    meta mark set meta mark ^ 0x4000
    masquerade fully-random
  }
}
NFT
}

haproxy_config() { # NODE [ADDRESS]
  cat >"$work/$1.haproxy" <<CONF
global
  pidfile $work/$1.haproxy.pid
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen echo
  bind $haproxy_address:9000 transparent
  balance roundrobin
$(peer_pods "${2:-}" | sed 's/.*/  server pod-& &:9000/')
CONF
}

start_peers() {
  local node
  need_packages haproxy
  for node in node-1 node-2; do
    dnat_rules "$node"
    haproxy_config "$node"
    # The process itself, not a shell around it, is to be told to load its configuration again.
    (exec ip netns exec "mr-$box-$node" haproxy -W -f "$work/$node.haproxy" >"$work/$node.haproxy.log" 2>&1) &
    proxies[$node]=$!
    cat >"$work/$node.keepalived" <<CONF
global_defs {
  vrrp_version 3
}
vrrp_instance survive {
  interface eth0
  state BACKUP
  nopreempt
  virtual_router_id 52
  priority $([[ $node == node-1 ]] && echo 150 || echo 100)
  advert_int 0.1
  virtual_ipaddress {
    $dnat_address/32
    $haproxy_address/32
  }
}
CONF
    start_keepalived "$node"
  done
  peer_held_by node-1
}

start_keepalived() { # NODE
  (exec ip netns exec "mr-$box-$1" keepalived --dont-fork --log-console --vrrp --use-file "$work/$1.keepalived" \
    --pid "$work/$1.pid" --vrrp_pid "$work/$1.vrrp.pid" >>"$work/$1.keepalived.log" 2>&1) &
  keepalived[$1]=$!
}

# end_keepalived NODE SIGNAL: both of its processes.
end_keepalived() {
  kill "-$2" "${keepalived[$1]}" 2>/dev/null || true
  [[ $2 != KILL ]] || kill -KILL "$(cat "$work/$1.vrrp.pid")" 2>/dev/null || true
  wait "${keepalived[$1]}" 2>/dev/null || true
  rm -f "$work/$1.pid" "$work/$1.vrrp.pid"
  unset "keepalived[$1]"
}

peer_has() { in_place "$1" ip -4 addr show dev eth0 | grep -q "$haproxy_address/"; } # NODE

peer_held_by() { # NODE
  local tries
  for tries in $(seq 100); do
    if peer_has "$1"; then
      sleep 0.3
      return
    fi
    sleep 0.1
  done
  tail -5 "$work"/*.keepalived.log >&2
  die "keepalived on $1 did not take the addresses"
}

take_addresses() { # NODE: from one that cannot have them any more
  in_place "$1" ip addr del "$dnat_address/32" dev eth0 2>/dev/null || true
  in_place "$1" ip addr del "$haproxy_address/32" dev eth0 2>/dev/null || true
}

# A pod more and then less, for both, on both nodes.
change_peer_pool() { # NODE-OF-THE-POD
  local node address
  box pod add extra "$1"
  address=$(k get pod extra -o 'jsonpath={.status.podIP}')
  set_peer_pool "$address"
  sleep 0.5
  set_peer_pool ''
  box pod remove extra
}

set_peer_pool() { # [ADDRESS]
  local node
  for node in node-1 node-2; do
    dnat_rules "$node" "$1"
    haproxy_config "$node" "$1"
    kill -USR2 "${proxies[$node]}"
  done
}

# lose_peer HOW POOL: the holder there, and the next one back.
lose_peer() {
  local how=$1 pool=$2 other node next change
  for other in 1 2; do
    node=node-1 next=node-2
    peer_has node-1 || node=node-2 next=node-1
    if [[ $pool == yes ]]; then
      change_peer_pool "$next" &
      change=$!
    fi
    case $how in
      kill) end_keepalived "$node" KILL ;;
      drain) end_keepalived "$node" TERM ;; # it has nothing gentler
      cut) box node cut "$node" ;;
    esac
    peer_held_by "$next"
    [[ $pool == no ]] || wait "$change"
    case $how in
      kill | drain) take_addresses "$node" && start_keepalived "$node" ;;
      cut) box node heal "$node" ;;
    esac
    sleep 1.5
  done
}

stop_peers() {
  local node
  for node in "${!keepalived[@]}"; do
    end_keepalived "$node" TERM
    take_addresses "$node"
  done
  for node in "${!proxies[@]}"; do
    # The master of HAProxy and whatever workers its reloads have left.
    kill "${proxies[$node]}" 2>/dev/null || true
    wait "${proxies[$node]}" 2>/dev/null || true
    unset "proxies[$node]"
  done
}

declare -A keepalived=() proxies=()
