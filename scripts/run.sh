#!/usr/bin/env bash
# From a fresh checkout to a running Creditscope with demonstration data: `make run`.
#
# CREDITSCOPE_ADDR (where it listens) and CREDITSCOPE_DATA_DIR (where it keeps its data) are passed on.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh" >/dev/null

"$root/scripts/setup.sh"
"$root/scripts/build.sh" release

export CREDITSCOPE_DATA_DIR=${CREDITSCOPE_DATA_DIR:-$root/data}
say "Starting creditscope demo; its data is in $CREDITSCOPE_DATA_DIR, Ctrl-C stops it"
exec "$target/release/creditscope" demo "$@"
