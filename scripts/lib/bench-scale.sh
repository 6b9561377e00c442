# A controller of its own process with the sandbox's API server, 10,000 VirtualIps of ten endpoints each, and 1,000 agents
# in one process that speak the real protocol with TLS and tokens, and have no kernel: time until all have the whole snapshot,
# CPU and memory of the controller, one change to all acknowledgements, and half of the agents coming back at once.

build src/Mooring.Controller src/Mooring.Sandbox tests/Mooring.Benchmarks
source scripts/lib/kubectl.sh
agents=1000 vips=10000 changes=30
[[ -n $quick ]] && agents=100 vips=1000 changes=20
port=17946 server='' controller=''
stop_peers() {
  [[ -z $controller ]] || kill -9 "$controller" 2>/dev/null || true
  [[ -z $server ]] || kill -9 "$server" 2>/dev/null || true
}

say "starting an API server and a controller"
ulimit -n "$(ulimit -Hn)"
dotnet "$program" apiserver run --kubeconfig "$work/kubeconfig" --no-controllers >/dev/null &
server=$!
for _ in $(seq 300); do [[ -s $work/kubeconfig ]] && break; sleep 0.1; done
export KUBECONFIG=$work/kubeconfig
k create namespace mooring-system >/dev/null
k apply -f crds >/dev/null
k wait --for=condition=Established crd/virtualips.mooring.dev crd/backendpools.mooring.dev crd/addresspools.mooring.dev \
  crd/addressclaims.mooring.dev --timeout=60s >/dev/null
# What the controller's heap may take in a container with a limit of 1 GiB: 70 % of it, in hexadecimal.
DOTNET_GCHeapHardLimit=2CCCCCCC dotnet "src/Mooring.Controller/bin/$CONFIGURATION/net10.0/mooring-controller.dll" run --kubeconfig "$KUBECONFIG" \
  --listen "https://127.0.0.1:$port" --leader-elect=false --log-level=Warning >"$work/controller.log" 2>&1 &
controller=$!

say "measuring"
figures=$(dotnet "tests/Mooring.Benchmarks/bin/$CONFIGURATION/net10.0/Mooring.Benchmarks.dll" scale \
  "$KUBECONFIG" "https://127.0.0.1:$port" "$controller" "$agents" "$vips" "$changes") || {
  tail -n 20 "$work/controller.log" >&2
  die "the benchmark did not come to its end"
}

while IFS=$'\t' read -r key what; do
  printf '%-64s %10s\n' "$what" "$(jq -r ".[\"$key\"]" <<<"$figures")"
done <<ROWS
scale-snapshot-mb	the whole snapshot, MB
scale-first-seconds	all agents connect and have the whole snapshot, s
scale-settled-seconds	until nothing changes any more, s
scale-first-cpu	CPU of the controller for that, s
scale-change-p50	one change to the acknowledgement of all agents, median, ms
scale-change-p99	the same, 99th percentile, ms
scale-change-cpu	CPU of the controller per change, s
scale-back-seconds	half of the agents come back at once and have the snapshot, s
scale-peak-mb	memory of the controller, highest, MB
scale-mb	memory of the controller at the end, MB
ROWS
finish "$(jq '{unit: "s, ms or MB", figures: .}' <<<"$figures")"
