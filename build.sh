#!/bin/bash
# build.sh [TASK] [-Configuration Debug|Release] [-Filter NAME]: build.ps1's tasks on a machine that need not have pwsh.
# It finds something to run build.ps1 with: pwsh, else PowerShell as the .NET tool that .config/dotnet-tools.json names, else
# tests/EngineHost.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! dotnet --list-sdks 2>/dev/null | grep -qE '^[1-9][0-9]\.'; then
  echo "build.sh: this needs the .NET SDK 10 or newer, and 'dotnet' on PATH has none." >&2
  echo "  Install the package dotnet-sdk-10.0, or see https://dot.net for how on this system." >&2
  exit 1
fi
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 POWERSHELL_TELEMETRY_OPTOUT=1

[ -t 1 ] || export NO_COLOR=1   # a log is no terminal

task=${1:-Build}
shift || true
if command -v pwsh >/dev/null; then
  exec pwsh -NoProfile -NonInteractive -File build.ps1 -Task "$task" "$@"
elif dotnet tool restore >/dev/null 2>&1; then
  exec dotnet tool run pwsh -- -NoProfile -NonInteractive -File build.ps1 -Task "$task" "$@"
else
  exec dotnet run --project tests/EngineHost -c Release -v q -- build.ps1 -Task "$task" "$@"
fi
