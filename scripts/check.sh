#!/usr/bin/env bash
# The checks that run before any test: format, lints, dependencies and, where installed, spelling.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh"

say "Checking the format"
cargo fmt --all --check || fail "the code is not formatted" "cargo fmt --all"
cargo fmt --check --manifest-path "$root/scripts/wasm-bindgen/Cargo.toml" ||
  fail "scripts/wasm-bindgen is not formatted" "cargo fmt --manifest-path scripts/wasm-bindgen/Cargo.toml"

cargo fmt --check --manifest-path "$root/fuzz/Cargo.toml" ||
  fail "fuzz is not formatted" "cargo fmt --manifest-path fuzz/Cargo.toml"

say "Checking the lints (server side)"
cargo clippy --locked --workspace --exclude frontend --all-targets -- -D warnings

say "Checking the lints (page)"
env -u RUSTFLAGS cargo clippy --locked -p frontend --target "$wasm_target" -- -D warnings

# sqlx takes only static text, unless it is told that another one is safe; plans.rs is a test that explains statements.
if grep -rn --exclude=plans.rs AssertSqlSafe "$root/crates/storage/src" "$root/server/src" "$root/app/src" "$root/crates/service/src"; then
  fail "SQL that is no static text" "bind values instead"
fi

say "Checking the dependencies"
if use_cargo_deny; then
  cargo deny --locked check bans licenses sources
else
  say "cargo-deny is not here: '${0%/*}/setup.sh tests' installs it"
fi
# What deny.toml lets into the server stays out of the page, which would carry it to every reader.
page=$(cargo tree --locked --quiet -p frontend --target "$wasm_target" --edges normal --prefix none)
for crate in chrono zxcvbn argon2; do
  if grep -q "^$crate v" <<<"$page"; then
    fail "the page depends on $crate" "find out by: cargo tree -p frontend --target $wasm_target -i $crate"
  fi
done

say "Checking the colours"
node --test "$root/scripts/tokens.test.mjs" >/dev/null ||
  fail "a colour cannot be read, or not be told from another" "node --test scripts/tokens.test.mjs"

if have typos; then
  say "Checking the spelling"
  (cd "$root" && typos)
fi
if have shellcheck; then
  say "Checking the scripts"
  (cd "$root" && shellcheck -x scripts/*.sh .ci/run)
fi
