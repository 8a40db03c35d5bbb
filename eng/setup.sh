# Sourced by ./run, ./test and eng/build-page: brings a fresh Debian machine with the .NET 10 SDK and Node to where the product builds.
# Everything is said on stderr, so that stdout belongs to the command that was asked for.
set -euo pipefail
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
mkdir -p .state

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

need_sdk() {
  command -v dotnet >/dev/null || fail "dotnet is missing: install the .NET 10 SDK (https://dotnet.microsoft.com/download)"
  case $(dotnet --version 2>/dev/null) in 1[0-9].*) ;; *) fail "the .NET 10 SDK is needed, found: $(dotnet --version 2>&1 | head -1)" ;; esac
  command -v npm >/dev/null || fail "npm is missing: install Node.js 20 or later (https://nodejs.org)"
}

# need_tools COMMAND_OR_PATH_PATTERN=PACKAGE…: installs by apt what is not there. Daemons are not started: tests start their own.
need_tools() {
  local missing=() pair
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || compgen -G "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=''
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo=sudo; } || fail "cannot install without root or sudo; install by hand: ${missing[*]}"
  command -v apt-get >/dev/null || fail "no apt-get here; install by hand (Debian's package names): ${missing[*]}"
  say "installing ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d made=''
  [ -e $policy ] || { made=1; printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null; $sudo chmod +x $policy; }
  { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >.state/apt.log 2>&1 \
    || { [ -z "$made" ] || $sudo rm -f $policy; tail -5 .state/apt.log >&2; fail "apt could not install: ${missing[*]}"; }
  [ -z "$made" ] || $sudo rm -f $policy
}

# OpenCV's native library links GTK and libatomic, which a slim image lacks.
need_media_tools() { need_tools ffmpeg=ffmpeg ffprobe=ffmpeg '/usr/lib/*/libgtk-3.so.0=libgtk-3-0' '/usr/lib/*/libatomic.so.1=libatomic1'; }

# unchanged STAMP PATH…: whether nothing below the paths is newer than the stamp.
unchanged() {
  local stamp=.state/$1
  shift
  [ -f "$stamp" ] && [ -z "$(find "$@" \( -name bin -o -name obj -o -name node_modules -o -name wwwroot -o -name runs -o -name __pycache__ \) -prune -o -newer "$stamp" -type f -print -quit)" ]
}

# npm install keeps to the lock file as npm ci does, but does not insist on the optional packages of other platforms, which not every
# registry copy holds.
page_is_fresh() { [ -f Gateway/wwwroot/index.html ] && unchanged page web; }

build_page() {
  page_is_fresh && return
  say "building the page"
  local began
  began=$(mktemp)
  (cd web && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm install --no-save --no-audit --no-fund --loglevel=error; } && npm run build --silent) >.state/page.log 2>&1 || { tail -20 .state/page.log >&2; fail "the page did not build"; }
  mv "$began" .state/page
}

# build TARGET STAMP: builds once until a source changes.
sources=(AppHost Contracts Infrastructure ServiceDefaults Gateway IngestService FrameService InferenceWorker ForensicsWorker ResultService Standalone Client Cli models Directory.Build.props Directory.Packages.props)
build() {
  local target=$1 stamp=$2
  shift 2
  unchanged "$stamp" "${sources[@]}" "$@" && return
  say "building $target"
  local began
  began=$(mktemp)
  dotnet build "$target" -c Release -v q -p:NuGetAudit=false >.state/build.log 2>&1 || { grep -E 'error|Error' .state/build.log | sort -u | head -20 >&2; fail "the build failed; all of it is in .state/build.log"; }
  mv "$began" ".state/$stamp"
}
