# Sourced by bench-failover.sh: keepalived (VRRPv3) on node-1 before node-2, with an address of its own that each of the
# two translates by a plain rule to the same pod that Mooring's address leads to.

readonly peer_address=10.70.0.150
peers=()

start_peers() { # advert_int, target address:port
  local node priority number
  for number in 1 2; do
    node=node-$number priority=$((200 - number * 50))
    cat >"$work/$node.conf" <<CONF
global_defs {
  vrrp_version 3
  script_user root
}
vrrp_instance bench {
  interface eth0
  state BACKUP
  virtual_router_id 51
  priority $priority
  advert_int $1
  virtual_ipaddress {
    $peer_address/32
  }
}
CONF
    in_place "$node" nft -f - <<NFT
table ip bench_peer
delete table ip bench_peer
table ip bench_peer {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr $peer_address tcp dport 80 dnat to $2
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ct status dnat ct original ip daddr $peer_address masquerade
  }
}
NFT
    start_peer "$node"
  done
  peer_settles
}

start_peer() { # node
  # The process itself, not a shell around it, is to be waited for.
  (exec ip netns exec "mr-$box-$1" keepalived --dont-fork --log-console --vrrp --use-file "$work/$1.conf" \
    --pid "$work/$1.pid" --vrrp_pid "$work/$1.vrrp.pid" >"$work/$1.log" 2>&1) &
  peers+=($!)
  disown # so that nothing is printed when it is killed
}

# signal_peer NODE SIGNAL: to the program and its child.
signal_peer() {
  local file
  for file in "$work/$1.vrrp.pid" "$work/$1.pid"; do
    if [[ -f $file ]]; then
      kill "-$2" "$(cat "$file")" 2>/dev/null || true
      if [[ $2 == KILL ]]; then
        rm -f "$file"
      fi
    fi
  done
}

stop_peers() {
  local node
  for node in node-1 node-2; do
    signal_peer "$node" CONT
    signal_peer "$node" TERM
  done
  local peer tries
  for peer in "${peers[@]}"; do
    # It gives its child five seconds before it ends it by force.
    for tries in $(seq 100); do
      kill -0 "$peer" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$peer" 2>/dev/null || true
  done
  peers=()
  for node in node-1 node-2; do
    signal_peer "$node" KILL
  done
  for node in node-1 node-2; do
    in_place "$node" ip addr del "$peer_address/32" dev eth0 2>/dev/null || true
    in_place "$node" nft delete table ip bench_peer 2>/dev/null || true
  done
}

peer_has() { in_place "$1" ip -4 addr show dev eth0 | grep -q "$peer_address"; }

# Until node-1 alone has the address.
peer_settles() {
  local tries
  for tries in $(seq 200); do
    if peer_has node-1 && ! peer_has node-2; then
      sleep 0.3
      return
    fi
    sleep 0.1
  done
  tail -n 20 "$work"/node-*.log >&2
  die "keepalived did not settle"
}

# Until one that is told to stop is gone, so that its successor finds its files free.
peer_ends() { # node
  local tries
  for tries in $(seq 100); do
    [[ -f $work/$1.pid || -f $work/$1.vrrp.pid ]] || return 0
    sleep 0.05
  done
}

peer_event() { # kill|freeze|cut|remove|stop|roll
  local node
  case $1 in
    kill) signal_peer node-1 KILL ;;
    freeze) signal_peer node-1 STOP ;;
    cut) daemon "/nodes/node-1/cut?silent=false" ;;
    remove) daemon "/nodes/node-1/remove" && signal_peer node-1 KILL ;;
    stop) signal_peer node-1 TERM ;;
    roll)
      for node in node-1 node-2; do
        signal_peer "$node" TERM
        peer_ends "$node"
        start_peer "$node"
        peer_settles
      done
      ;;
  esac
}

peer_heals() { # kill|freeze|cut|remove|stop|roll
  case $1 in
    freeze) signal_peer node-1 CONT ;;
    cut) daemon /nodes/node-1/heal ;;
    remove) daemon /nodes/node-1/heal ;;
  esac
  case $1 in
    kill | remove)
      in_place node-1 ip addr del "$peer_address/32" dev eth0 2>/dev/null || true
      start_peer node-1
      ;;
    stop) peer_ends node-1 && start_peer node-1 ;;
  esac
  peer_settles
}
