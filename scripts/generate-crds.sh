#!/usr/bin/env bash
# Writes crds/*.yaml and docs/reference.md from the types in src/Mooring.Api.
# The test that finds them stale writes them when it is told to.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build tests/Mooring.Api.Tests -v q -nologo
MOORING_UPDATE=1 dotnet tests/Mooring.Api.Tests/bin/Debug/net10.0/Mooring.Api.Tests.dll \
  -class Mooring.Api.Tests.GeneratedFilesTests
