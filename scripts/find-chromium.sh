#!/usr/bin/env bash
# Prints the path of a Chromium that the end-to-end tests can drive; fails if there is none.
set -euo pipefail

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome; do
  if [ -n "$name" ] && command -v "$name"; then exit 0; fi
done
exit 1
