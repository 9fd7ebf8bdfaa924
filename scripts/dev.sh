#!/usr/bin/env bash
# Builds, runs, watches and reloads: `make dev`. A change to a style sheet is swapped in without
# reloading the page; any other change rebuilds, restarts the server and reloads the page.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh" >/dev/null

"$root/scripts/setup.sh"
# shellcheck source=scripts/env.sh
source "$root/scripts/env.sh"
have inotifywait || apt_install inotify-tools

export CREDITSCOPE_ADDR=${CREDITSCOPE_ADDR:-127.0.0.1:3000}
export CREDITSCOPE_DATA_DIR=${CREDITSCOPE_DATA_DIR:-$root/data/dev}
# How long to wait for the end of a burst of changes, as an editor or git makes them.
settle_s=0.3
watched=()
for dir in app crates frontend server style public migrations Cargo.toml Cargo.lock; do
  if [ -e "$root/$dir" ]; then watched+=("$root/$dir"); fi
done

server_pid=
stop_server() {
  if [ -z "$server_pid" ]; then return; fi
  kill "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}

# LEPTOS_WATCH makes the page listen for what tell_page says; it must not be set while compiling.
start_server() {
  LEPTOS_WATCH=1 "$target/debug/creditscope" demo &
  server_pid=$!
}

server_listens() { (: <"/dev/tcp/${CREDITSCOPE_ADDR%:*}/${CREDITSCOPE_ADDR##*:}") 2>/dev/null; }

wait_for_server() {
  until server_listens; do
    kill -0 "$server_pid" 2>/dev/null || { say "The server stopped; waiting for the next change"; return 1; }
    sleep 0.1
  done
}

tell_page() { echo "$1" >&"$reload"; }

server_stamp() { stat -c %Y.%s "$target/debug/creditscope" 2>/dev/null || true; }

rebuild() {
  local before
  before=$(server_stamp)
  "$root/scripts/build.sh" dev || { say "Does not build; waiting for the next change"; return 0; }
  if [ "$before" != "$(server_stamp)" ] || [ -z "$server_pid" ] || ! kill -0 "$server_pid" 2>/dev/null; then
    stop_server
    start_server
  fi
  if wait_for_server; then tell_page '{"all": true}'; fi
}

restyle() {
  if "$root/scripts/build.sh" dev style; then tell_page '{"css": "pkg/creditscope.css"}' && tell_page '{"css": "pkg/pages.css"}'; fi
}

# Reads one burst of changed paths; true if all of them are style sheets.
only_styles_changed() {
  local path only=yes
  read -r path <&"$changes" || exit 0
  while :; do
    if [[ $path != "$root"/style/* ]]; then only=no; fi
    read -r -t "$settle_s" path <&"$changes" || break
  done
  [ "$only" = yes ]
}

exec {reload}> >(exec node "$root/scripts/reload.mjs")
reload_pid=$!
exec {changes}< <(exec inotifywait --quiet --monitor --recursive --format '%w%f' \
  --event close_write,create,delete,moved_to,moved_from --exclude '(~|\.sw.|/4913|/#[^/]*)$' "${watched[@]}")
changes_pid=$!
trap 'stop_server; kill "$reload_pid" "$changes_pid" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

rebuild
while :; do
  say "Watching for changes; http://$CREDITSCOPE_ADDR, Ctrl-C stops"
  if only_styles_changed; then restyle; else rebuild; fi
done
