#!/usr/bin/env bash
# Runs the end-to-end tests in a real Chromium against the real server.
#
#   scripts/e2e.sh [--no-build] [arguments for `playwright test`]
#
# The tests start the servers they need from CREDITSCOPE_BIN, by default the development build; the
# page is the one that ships.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh" >/dev/null

if [ "${1:-}" = --no-build ]; then
  shift
else
  "$root/scripts/setup.sh" tests
  "$root/scripts/build.sh" release page
  say "Building the server (dev)"
  # shellcheck source=scripts/env.sh
  source "$root/scripts/env.sh"
  cargo build --locked --workspace --exclude frontend --bins --tests
fi

CHROMIUM=$("$root/scripts/find-chromium.sh") || fail "there is no Chromium" "scripts/setup.sh tests"
export CHROMIUM
export CREDITSCOPE_BIN=${CREDITSCOPE_BIN:-$target/debug/creditscope}
[ -x "$CREDITSCOPE_BIN" ] || fail "there is no server at $CREDITSCOPE_BIN" "run 'make e2e', which builds it"

cd "$root/end2end"
exec npx --no-install playwright test "$@"
