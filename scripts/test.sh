#!/usr/bin/env bash
# Runs every check and every test: `make test`. Goes on after a failure, so that one run shows all of
# them, and ends with how many tests passed and failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

"$root/scripts/setup.sh" tests
# shellcheck source=scripts/env.sh
source "$root/scripts/env.sh"

logs=$target/test-logs
mkdir -p "$logs"
# The same packages everywhere: another choice would switch features and compile much of it again.
packages=(--locked --workspace --exclude frontend)
broken=()
passed=0
failed=0

# step NAME COMMAND...: runs COMMAND, keeps what it prints in a log, and remembers when it fails.
step() {
  local step=$1 start=$SECONDS
  shift
  printf '\n'
  say "$step"
  if "$@" 2>&1 | tee "$logs/last.log"; then
    say "$step: fine ($((SECONDS - start)) s)"
  else
    broken+=("$step")
    say "$step: FAILED ($((SECONDS - start)) s)"
    return 1
  fi
}

# count PATTERN: the sum of the numbers that come before or in PATTERN in the last step's log.
count() {
  sed 's/\x1b\[[0-9;]*m//g' "$logs/last.log" | { grep -oE "$1" || true; } | { grep -oE '[0-9]+' || true; } | awk '{n += $1} END {print n + 0}'
}

tally() {
  passed=$((passed + $(count "$1")))
  failed=$((failed + $(count "$2")))
}

rust_tests() {
  # The end-to-end tests use the same server: built here, it costs nothing extra.
  cargo build "${packages[@]}" --bins --tests || return
  if have cargo-nextest; then
    cargo nextest run "${packages[@]}" --no-fail-fast
  else
    cargo test "${packages[@]}" --lib --bins --tests --no-fail-fast
  fi
}

doc_tests() { cargo test "${packages[@]}" --doc --no-fail-fast; }

page() { "$root/scripts/build.sh" release page; }

end_to_end() { "$root/scripts/e2e.sh" --no-build; }

step "Format, lints" "$root/scripts/check.sh" || true

if step "Unit, property, contract and API tests" rust_tests; then :; else :; fi
tally '([0-9]+ passed \(?|[0-9]+ passed,|[0-9]+ passed;)' '([0-9]+ failed,|[0-9]+ failed;)'

step "Inputs nobody would think of" "$root/scripts/fuzz.sh" || true

# The same requests every time; `make api-check` draws others.
step "The API against its description" env SEED="${SEED:-1}" EXAMPLES="${EXAMPLES:-20}" "$root/scripts/api-check.sh" || true

step "Documentation tests" doc_tests || true
tally '[0-9]+ passed;' '[0-9]+ failed;'

if step "The page, as it ships" page; then
  step "End-to-end tests" end_to_end || true
  tally '^ +[0-9]+ passed' '^ +[0-9]+ (failed|did not run|interrupted)'
fi

printf '\n'
say "Took $((SECONDS / 60)) minutes"
for step in "${broken[@]}"; do
  say "FAILED: $step"
done
echo "$passed passed, $failed failed"
[ ${#broken[@]} -eq 0 ]
