#!/usr/bin/env bash
# Holds the running API against its own description, docs/openapi.json, with generated requests: once with a platform
# key and once with a key of an account, on a throw-away database.
#
#   scripts/api-check.sh                 about two minutes
#   SECONDS_EACH=600 scripts/api-check.sh longer
#   EXAMPLES=20 SEED=1 scripts/api-check.sh
#                                        so many of each kind for an operation, however long they take: with the same
#                                        seed the same requests on every machine
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh"

seconds_each=${SECONDS_EACH:-100}
seed=${SEED:-$RANDOM$RANDOM}
if [ -n "${EXAMPLES:-}" ]; then extent=(--max-examples "$EXAMPLES"); else extent=(--max-time "$seconds_each"); fi
tool=$target/tools/api-check
folder=$(mktemp -d)
server=
failed=()

finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT

install() {
  local wanted=$root/scripts/api-check/requirements.txt
  if cmp -s "$wanted" "$tool/requirements.txt"; then return; fi
  python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3-venv
  say "Installing schemathesis"
  rm -rf "$tool"
  python3 -m venv "$tool"
  "$tool/bin/pip" install --quiet --requirement "$wanted"
  cp "$wanted" "$tool/requirements.txt"
}

creditscope() { "$target/debug/creditscope" --data-dir "$folder" --log error "$@"; }

# One account that has used something, so that there are real things to ask for.
prepare() {
  creditscope migrate >/dev/null
  creditscope plan create small --name Small --monthly-credits 100000 >/dev/null
  creditscope pack create boost --name Boost --credits 1000 >/dev/null
  creditscope account create northwind --name Northwind --kind agency --plan small >/dev/null
  creditscope company create acme --account northwind --name Acme >/dev/null
  platform=$(creditscope key create --scope platform)
  member=$(creditscope key create --scope ingest,check,read --account northwind)
}

serve() {
  CREDITSCOPE_RATE_ADDRESS=1000000 CREDITSCOPE_ADDR=127.0.0.1:0 \
    "$target/debug/creditscope" --data-dir "$folder" --log error serve >"$folder/log" 2>&1 &
  server=$!
  until address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$folder/log"); do
    kill -0 "$server" || fail "the server did not start" "$(cat "$folder/log")"
    sleep 0.2
  done
}

# check NAME KEY: every phase, with a key.
check() {
  local name=$1 key=$2 log=$folder/$1.txt
  # It keeps what it found beside where it runs.
  if cd "$folder" && "$tool/bin/schemathesis" --config-file "$root/scripts/api-check/schemathesis.toml" run "$root/docs/openapi.json" \
    --url "$address" --header "Authorization: Bearer $key" --seed "$seed" "${extent[@]}" \
    --no-color --continue-on-failure >"$log" 2>&1; then
    say "$name key: $(grep -E 'generated|Test cases' "$log" | tail -n 1 | sed 's/^ *//')"
    return
  fi
  cat "$log"
  failed+=("$name")
}

install
prepare
serve
say "Generated requests, seed $seed"
check platform "$platform"
check account "$member"
if [ ${#failed[@]} -gt 0 ]; then fail "The API is not what its description says (seed $seed): ${failed[*]}" "again with: SEED=$seed ${EXAMPLES:+EXAMPLES=$EXAMPLES }scripts/api-check.sh"; fi
