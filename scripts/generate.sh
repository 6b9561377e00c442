#!/usr/bin/env bash
# Writes every file that is generated from another: crds/ from the C# types, the chart's copy of them, and
# manifests/install.yaml and docs/values.md from the chart.   --check: writes nothing, fails when one of them is stale.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/kubectl.sh

render() {
  echo "# Mooring, rendered from helm/mooring by scripts/generate.sh: kubectl apply -f manifests/install.yaml"
  echo "---"
  echo "apiVersion: v1"
  echo "kind: Namespace"
  echo "metadata:"
  echo "  name: mooring-system"
  "$HELM" template mooring helm/mooring --namespace mooring-system --skip-tests
}

values_page() {
  python3 scripts/lib/values-page.py helm/mooring/values.yaml
}

if [[ ${1:-} == --check ]]; then
  if ! diff -r crds helm/mooring/files/crds || ! diff <(render) manifests/install.yaml \
    || ! diff <(values_page) docs/values.md; then
    echo "generated files are stale: run scripts/generate.sh" >&2
    exit 1
  fi
  exit 0
fi

scripts/generate-crds.sh
rm -rf helm/mooring/files/crds
mkdir -p helm/mooring/files/crds
cp crds/*.yaml helm/mooring/files/crds/
rendered=$(render)
echo "$rendered" > manifests/install.yaml
values_page > docs/values.md
