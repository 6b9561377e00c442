# Source it: mooring-sandbox and kubectl mooring from this working copy. Set MOORING_SANDBOX for a sandbox of another name.
_mooring=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
_mooring_build=${CONFIGURATION:-Release}

mooring-sandbox() {
  local verb=("$1")
  shift
  case ${verb[0]} in node | pod | controller | apiserver) verb+=("$1") && shift ;; esac
  dotnet "$_mooring/src/Mooring.Sandbox/bin/$_mooring_build/net10.0/mooring-sandbox.dll" \
    "${verb[@]}" ${MOORING_SANDBOX:+--name "$MOORING_SANDBOX"} "$@"
}

kubectl() {
  if [[ ${1:-} == mooring ]]; then
    shift
    dotnet "$_mooring/src/Mooring.Cli/bin/$_mooring_build/net10.0/kubectl-mooring.dll" "$@"
  else
    command kubectl "$@"
  fi
}
