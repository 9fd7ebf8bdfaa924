#!/usr/bin/env bash
# Throws arbitrary bytes at what reads them first: events, cursors, views, rate cards, amounts.
#
#   scripts/fuzz.sh                    every target for 10 seconds
#   SECONDS_EACH=600 scripts/fuzz.sh   longer
#   scripts/fuzz.sh event rate         these targets only
#   scripts/fuzz.sh event FILE...      what a target says of these inputs, such as one that broke it
#
# A run tries the inputs in fuzz/corpus first and goes on from them and from what earlier runs on this machine found.
# An input that breaks a target is kept in fuzz/artifacts. Once the fault is mended it belongs into the corpus, under
# a name that says what it is.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh"

seconds_each=${SECONDS_EACH:-10}
# Longer than this no input may take, on a machine that does other things too.
input_seconds=10
fuzz=$root/fuzz
# Not $target: what is built here is instrumented, and of use to nothing else.
built=$fuzz/target
host=$(rustc -vV | sed -n 's/^host: //p')
broken=()

# What cargo-fuzz tells the compiler is all of it that is needed here, and the stable compiler takes it: nothing has to
# be installed first.
coverage=(
  --cfg=fuzzing
  -Cpasses=sancov-module
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares
  -Cllvm-args=-simplifycfg-branch-fold-threshold=0
)

build() {
  # libFuzzer is C++.
  have c++ || apt_install g++
  say "Building the fuzz targets"
  # With a target named, the flags stay away from build scripts and macros.
  RUSTFLAGS="${coverage[*]}" cargo build --quiet --locked --release --target "$host" \
    --manifest-path "$fuzz/Cargo.toml" --target-dir "$built"
}

# run TARGET [ARGUMENT...]
run() {
  local name=$1
  shift
  "$built/$host/release/$name" -timeout="$input_seconds" "$@"
}

# attack TARGET: fuzzes it, keeps what it says in a log, and remembers when it breaks.
attack() {
  local name=$1 log=$built/$1.log
  mkdir -p "$built/found/$name" "$fuzz/artifacts"
  if run "$name" -max_total_time="$seconds_each" -print_final_stats=1 -dict="$fuzz/dict/$name.dict" \
    -artifact_prefix="$fuzz/artifacts/$name-" "$built/found/$name" "$fuzz/corpus/$name" >"$log" 2>&1; then
    say "$name: held against $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
    return
  fi
  broken+=("$name")
  explain "$name" "$log"
}

# explain TARGET LOG: what went wrong, where in the product, and how to see it again.
explain() {
  local name=$1 log=$2 input
  input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  grep -A 4 -m 1 'panicked at' "$log" || tail -n 20 "$log"
  grep -m 3 -E '^ +at .*(/crates/|fuzz_targets/)' "$log" || true
  say "$name: BROKE; again with: scripts/fuzz.sh $name ${input#"$root"/}"
}

build
if [ $# -gt 1 ] && [ -f "$2" ]; then
  run "$@"
  exit
fi
if [ $# -eq 0 ]; then
  # Every target has a corpus.
  cd "$fuzz/corpus"
  set -- *
fi
for name in "$@"; do
  attack "$name"
done
[ ${#broken[@]} -eq 0 ]
