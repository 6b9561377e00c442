# Sourced by bench-forward.sh: the same two hops without Mooring, beside the sandbox's nodes on its LAN. For each NAME of
# `plain` and `kube` there is a holder, NAME-1, and a node with two pods, NAME-2.
#   plain   routing, no rules and no connection tracking; its holder also runs HAProxy and nginx
#   kube    on both nodes the rules that kube-proxy's nftables mode writes for a Service of type LoadBalancer

readonly kube_address=10.70.0.150 plain_address=10.70.0.50
readonly http=8090 bulk=5201 # ports of the pods

# host NAME OCTET: on the sandbox's LAN.
host() {
  ip netns add "mr-$box-$1"
  ip link add "$1" netns "mr-$box-switch" type veth peer name eth0 netns "mr-$box-$1"
  ip -n "mr-$box-switch" link set "$1" master br0 up
  ip -n "mr-$box-$1" link set lo up
  ip -n "mr-$box-$1" addr add "10.70.0.$2/24" dev eth0
  ip -n "mr-$box-$1" link set eth0 up
  in_place "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
}

# A holder and a node with two pods, wired as the sandbox wires its own. The pods have a second address each, to which
# the client's route leads by way of the holder.
add_pair() { # NAME NUMBER
  local name=$1 number=$2 pod
  host "$name-1" "${number}0"
  host "$name-2" "${number}1"
  ip -n "mr-$box-$name-2" link add cni0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
  ip -n "mr-$box-$name-2" addr add "10.73.$number.1/24" dev cni0
  ip -n "mr-$box-$name-2" link set cni0 up
  for pod in 2 3; do
    ip netns add "mr-$box-pod-$name-$pod"
    ip link add "pod$pod" netns "mr-$box-$name-2" type veth peer name eth0 netns "mr-$box-pod-$name-$pod"
    ip -n "mr-$box-$name-2" link set "pod$pod" master cni0 up
    ip -n "mr-$box-pod-$name-$pod" link set lo up
    ip -n "mr-$box-pod-$name-$pod" addr add "10.73.$number.$pod/24" dev eth0
    ip -n "mr-$box-pod-$name-$pod" addr add "10.74.$number.$pod/32" dev eth0
    ip -n "mr-$box-pod-$name-$pod" link set eth0 up
    ip -n "mr-$box-pod-$name-$pod" route add default via "10.73.$number.1"
    serve "pod-$name-$pod" "10.73.$number.$pod" "10.74.$number.$pod"
  done
  ip -n "mr-$box-$name-2" route add "10.74.$number.0/24" dev cni0
  ip -n "mr-$box-$name-1" route add "10.73.$number.0/24" via "10.70.0.${number}1"
  ip -n "mr-$box-$name-1" route add "10.74.$number.0/24" via "10.70.0.${number}1"
  ip -n "mr-$box-client" route add "10.73.$number.0/24" via "10.70.0.${number}1"
  ip -n "mr-$box-client" route add "10.74.$number.0/24" via "10.70.0.${number}0"
}

# serve PLACE ADDRESS...: nginx for requests, iperf3 for the rest, at each address as it answers UDP from the first one.
serve() {
  local address
  cat >"$work/$1.conf" <<CONF
daemon off; master_process off; pid $work/$1.pid; error_log /dev/null;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000;
  server { listen $http backlog=4096; location / { return 200 "ok\n"; } }
}
CONF
  ip netns exec "mr-$box-$1" /usr/sbin/nginx -c "$work/$1.conf" -e /dev/null -p "$work" &
  peers+=($!)
  for address in "${@:2}"; do
    ip netns exec "mr-$box-$1" iperf3 --server --bind "$address" --port "$bulk" >/dev/null 2>&1 &
    peers+=($!)
  done
}

# What kube-proxy writes, by the names it gives its chains: a verdict map of services, a chain per service that takes an
# endpoint at random, a chain per endpoint. Traffic from outside is masqueraded (externalTrafficPolicy: Cluster).
kube_rules() { # NODE ADDRESS-OF-THE-NODE
  in_place "$1" nft -f - <<NFT
table ip kube-proxy {
  set cluster-ips { type ipv4_addr; }
  set nodeport-ips { type ipv4_addr; elements = { $2 } }
  map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
  map service-nodeports { type inet_proto . inet_service : verdict; }
  map no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict; }
  map no-endpoint-nodeports { type inet_proto . inet_service : verdict; }
  map firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
  chain filter-prerouting { type filter hook prerouting priority -110; ct state new jump firewall-check; }
  chain filter-input {
    type filter hook input priority -110;
    ct state new jump nodeport-endpoints-check
    ct state new jump service-endpoints-check
  }
  chain filter-forward {
    type filter hook forward priority -110;
    ct state new jump service-endpoints-check
    ct state new jump cluster-ips-check
  }
  chain filter-output {
    type filter hook output priority -110;
    ct state new jump service-endpoints-check
    ct state new jump firewall-check
  }
  chain filter-output-post-dnat { type filter hook output priority -90; ct state new jump cluster-ips-check; }
  chain nat-prerouting { type nat hook prerouting priority -100; jump services; }
  chain nat-output { type nat hook output priority -100; jump services; }
  chain nat-postrouting { type nat hook postrouting priority 100; jump masquerading; }
  chain cluster-ips-check { ip daddr @cluster-ips reject; }
  chain nodeport-endpoints-check { ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports; }
  chain service-endpoints-check { ip daddr . meta l4proto . th dport vmap @no-endpoint-services; }
  chain firewall-check { ip daddr . meta l4proto . th dport vmap @firewall-ips; }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
  }
  chain mark-for-masquerade { meta mark set meta mark | 0x00004000; }
  chain masquerading {
    meta mark & 0x00004000 == 0x00000000 return
    meta mark set meta mark ^ 0x00004000
    masquerade fully-random
  }
$(kube_service tcp 80 $http 2 3)
$(kube_service tcp 5201 $bulk 2)
$(kube_service udp 5201 $bulk 2)
}
NFT
}

kube_service() { # PROTOCOL PORT TARGET POD...
  local protocol=$1 port=$2 target=$3 pod count=0 choice=''
  shift 3
  for pod in "$@"; do
    choice+="${choice:+, }$((count++)) : goto endpoint-$protocol-$port-$pod"
    cat <<NFT
  chain endpoint-$protocol-$port-$pod {
    ip saddr 10.73.6.$pod jump mark-for-masquerade
    meta l4proto $protocol dnat to 10.73.6.$pod:$target
  }
NFT
  done
  cat <<NFT
  chain service-$protocol-$port { numgen random mod $count vmap { $choice }; }
  chain external-$protocol-$port {
    jump mark-for-masquerade
    goto service-$protocol-$port
  }
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { $kube_address . $protocol . $port : goto external-$protocol-$port }
  }
NFT
}

# On the plain holder: HAProxy at ports 81 and 5211, nginx at 82 and 5221.
start_proxies() {
  cat >"$work/haproxy.cfg" <<CONF
defaults
  mode tcp
  option splice-auto
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen http
  bind $plain_address:81
  server pod-2 10.73.5.2:$http
  server pod-3 10.73.5.3:$http
listen bulk
  bind $plain_address:5211
  server pod-2 10.73.5.2:$bulk
CONF
  ip netns exec "mr-$box-plain-1" haproxy -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
  peers+=($!)
  cat >"$work/stream.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes auto; pid $work/stream.pid; error_log /dev/null; worker_rlimit_nofile 65536;
events { worker_connections 8192; }
stream {
  access_log off;
  upstream http { server 10.73.5.2:$http; server 10.73.5.3:$http; }
  upstream bulk { server 10.73.5.2:$bulk; }
  server { listen $plain_address:82 backlog=4096; proxy_pass http; }
  server { listen $plain_address:5221; proxy_pass bulk; }
  server { listen $plain_address:5221 udp; proxy_pass bulk; }
}
CONF
  ip netns exec "mr-$box-plain-1" /usr/sbin/nginx -c "$work/stream.conf" -e /dev/null -p "$work" &
  peers+=($!)
}

start_peers() {
  # A switch has no netfilter.
  in_place switch sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null || true
  add_pair plain 5
  add_pair kube 6
  kube_rules kube-1 10.70.0.60
  kube_rules kube-2 10.70.0.61
  ip -n "mr-$box-client" route add "$kube_address/32" via 10.70.0.60
  start_proxies
}

stop_peers() {
  local peer
  for peer in "${peers[@]}"; do
    kill "$peer" 2>/dev/null || true
  done
  peers=()
}
