#!/usr/bin/env bash
# Tries to break the ledger, for longer than the tests do: `make trust`. docs/trust.md says what each part does.
#
#   make trust [LEDGER_CASES=2000] [RACE_OPS=100000] [KILLS=50] [DAMAGES=500] [HANDS=200] [GUESSES=5000] [VIEWERS=2000]
#              [CONNECTIONS=8192] [FRAMES=40] [TESTS=250] [LEDGER_SEED=N]
#
# LEDGER_CASES are sequences of steps held against a plain model, RACE_OPS holds and settlements by many tasks
# at once, KILLS of a working server, DAMAGES of a file, HANDS rounds of changes by many at once, GUESSES at a password,
# VIEWERS of one account, idle CONNECTIONS of one client, FRAMES of megabytes, TESTS of silent receivers. Every part that draws prints its seed; with LEDGER_SEED it draws the same again.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh"

export LEDGER_CASES=${LEDGER_CASES:-2000}
export RACE_OPS=${RACE_OPS:-100000}
export KILLS=${KILLS:-50}
export DAMAGES=${DAMAGES:-500}
export GUESSES=${GUESSES:-5000}
export HANDS=${HANDS:-200}
viewers=${VIEWERS:-2000}
connections=${CONNECTIONS:-8192}
frames=${FRAMES:-40}
tests=${TESTS:-250}
broken=()

# part NAME COMMAND...: goes on after a failure, so that one run shows all of them.
part() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  if "$@"; then
    say "$name: held ($((SECONDS - start)) s)"
  else
    broken+=("$name")
    say "$name: BROKE ($((SECONDS - start)) s)"
  fi
}

# look: with as many files as so many sockets are. CREDITSCOPE_BIN says of which program the figures are.
look() (
  ulimit -n "$(ulimit -Hn)"
  export VIEWERS=$viewers
  cargo test "${packages[@]}" --quiet --test it -- --nocapture viewers
)

# The server's crate embeds this folder and does not compile without it.
mkdir -p "$root/target/site/pkg"
cd "$root"
say "Building"
# The same packages as everywhere: another choice would switch features and compile much of it again.
packages=(--locked --workspace --exclude frontend)
cargo test "${packages[@]}" --release --no-run --test ledger_model
cargo test "${packages[@]}" --no-run --test it --test contract

ledger=(cargo test "${packages[@]}" --release --quiet --test ledger_model --)
part "$LEDGER_CASES cases against a plain model" "${ledger[@]}" --nocapture machine
part "Tables of dates, and what was once wrong" "${ledger[@]}" tables found
part "$RACE_OPS operations by many hands" "${ledger[@]}" --nocapture --test-threads 1 race
part "$DAMAGES damaged files" cargo test "${packages[@]}" --quiet --test contract -- --nocapture damage
part "$HANDS rounds of many hands" cargo test "${packages[@]}" --quiet --test contract -- owners_who of_many many_hands
part "$KILLS kills" cargo test "${packages[@]}" --quiet --test it -- --nocapture kill
part "$GUESSES guesses at a password" cargo test "${packages[@]}" --quiet --test it -- --nocapture guessed_from_everywhere
part "$viewers viewers" look

ulimit -S -n "$(ulimit -H -n)"
part "$connections idle connections of one client" env PLACES_ATTACK="$connections" \
  cargo test "${packages[@]}" --quiet --test it -- --nocapture --test-threads 1 places

part "$frames streams of megabytes and as many readers that do not read, $tests tests of silent receivers" \
  env FRAMES="$frames" TESTS="$tests" cargo test "${packages[@]}" --quiet --test it -- --nocapture --test-threads 1 floods

for name in "${broken[@]}"; do
  say "BROKE: $name"
done
[ ${#broken[@]} -eq 0 ]
