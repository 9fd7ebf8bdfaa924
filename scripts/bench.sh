#!/usr/bin/env bash
# Measures ingestion, reading and the page in a real Chromium: `make bench`. Writes target/bench/report.md.
#
#   make bench [EVENTS=10000000]
#   BENCH_NEIGHBOURS=1 cargo bench --locked -p server --bench load    what one account does to others, alone
#
# EVENTS is the largest size at which reading is measured, one million when left out. Nothing else should
# run meanwhile. The times are reported, never checked.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

"$root/scripts/setup.sh" tests
"$root/scripts/build.sh" release
# shellcheck source=scripts/env.sh
source "$root/scripts/env.sh"

CHROMIUM=$("$root/scripts/find-chromium.sh") || fail "there is no Chromium" "scripts/setup.sh tests"
export CHROMIUM
export BENCH_EVENTS=${EVENTS:-1000000}
export BENCH_STORAGE=$target/bench/storage.txt
mkdir -p "$target/bench"

# Everything is compiled before anything is measured.
say "Building the benches"
cargo bench --locked --no-run -p storage
cargo bench --locked --no-run -p server --bench load

say "The storage, beside SQLite's own interface"
cargo bench --locked --quiet -p storage | tee "$BENCH_STORAGE"

say "The server over HTTP, up to $BENCH_EVENTS events, and the page"
cargo bench --locked --quiet -p server --bench load
say "The table is in ${target#"$root"/}/bench/report.md"
