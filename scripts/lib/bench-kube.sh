# The Kubernetes layer beside a plain loop of HttpClient and JsonSerializer over the same bytes, alternately in one
# process: a list of 10,000 pods, in pages and as a stream, 20,000 changes through informer and queue to a controller, and
# what the cache keeps of each pod. Then a new program that caches 100,000 endpoints in 1,000 EndpointSlices.

build tests/Mooring.Benchmarks
arguments=(kube)
[[ -n $quick ]] && arguments+=(--quick)
say "measuring"
figures=$(dotnet "tests/Mooring.Benchmarks/bin/$CONFIGURATION/net10.0/Mooring.Benchmarks.dll" "${arguments[@]}")

printf '%-42s %10s %10s %7s\n' '' INFORMER PLAIN RATIO
while IFS=$'\t' read -r way what; do
  for part in load events bytes; do
    case $part in
      load) unit='objects per second' ;;
      events) unit='changes per second' ;;
      bytes) unit='bytes per object' ;;
    esac
    printf '%-42s %10s %10s %7s\n' "$what, $unit" \
      "$(jq -r ".[\"kube-$way-$part-informer\"]" <<<"$figures")" \
      "$(jq -r ".[\"kube-$way-$part-plain\"]" <<<"$figures")" \
      "$(jq -r ".[\"kube-$way-$part-ratio\"] // \"\"" <<<"$figures")"
  done
done <<WAYS
list	in pages
stream	streamed
modelled	modelled fields only
WAYS
printf '%-42s %10s\n' '100,000 endpoints, MB resident' "$(jq -r '.["kube-endpoints-rss"]' <<<"$figures")"
finish "$(jq '{unit: "per second, bytes or MB", figures: .}' <<<"$figures")"
