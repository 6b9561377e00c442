# Sourced by the scripts: what they share. Works from any folder; says what it does on stderr.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CONFIGURATION=${CONFIGURATION:-Release}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

# Where progress goes, also while a command's own output goes to a file.
exec {PROGRESS}>&2

say() { printf '\033[2m==> %s\033[0m\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

need_root() {
  [[ $EUID == 0 ]] || die "$0 needs root: it makes network namespaces"
}

# need_packages NAME...: installs those of Debian's packages that are missing.
need_packages() {
  local missing=() package
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} == 0 ]] && return
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  # Services that a package would start have no business here.
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
  local result=0
  with_progress "installing packages" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    result=$?
  rm -f /usr/sbin/policy-rc.d
  [[ $result == 0 ]] || die "apt-get could not install: ${missing[*]}"
}

# with_progress WHAT COMMAND...: runs the command and says every 15 s that it still does.
with_progress() {
  local what=$1 started=$SECONDS ticker result=0
  shift
  (
    # The sleep outlives the subshell, so it must not hold anybody's pipe open.
    while sleep 15 >/dev/null 2>&1 {PROGRESS}>&-; do
      printf '    ... %s, %s s\n' "$what" $((SECONDS - started)) >&"$PROGRESS"
    done
  ) &
  ticker=$!
  "$@" || result=$?
  kill "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null || true
  return "$result"
}

need_dotnet() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is needed: https://dotnet.microsoft.com/download"
}

# build [PATH...]: builds the solution, or the given projects.
build() {
  need_dotnet
  local target
  for target in "${@:-$ROOT/Operator.sln}"; do
    say "building ${target##*/} ($CONFIGURATION)"
    local log
    log=$(mktemp)
    if ! with_progress "building ${target##*/}" dotnet build "$target" -c "$CONFIGURATION" -v quiet --nologo >"$log" 2>&1; then
      grep -E "error|warning" "$log" | sort -u >&2 || cat "$log" >&2
      rm -f "$log"
      die "the build failed"
    fi
    rm -f "$log"
  done
}

# The sandbox program.
sandbox() {
  dotnet "$ROOT/src/Mooring.Sandbox/bin/$CONFIGURATION/net10.0/mooring-sandbox.dll" "$@"
}
