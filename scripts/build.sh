#!/usr/bin/env bash
# Builds Creditscope: first the page (target/site), then the server, which embeds it.
#
#   scripts/build.sh [release|dev] [all|page|style]
#
# What is up to date is left alone, so that a second run takes a second. `page` leaves the server
# out; `style` builds the style sheets and the public files only.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh"

profile=${1:-release}
# A release is what Cargo.lock says; while developing, a new dependency may still change it.
locked=(--locked)
if [ "$profile" = dev ]; then locked=(); fi
part=${2:-all}
case "$profile:$part" in
  release:all | release:page | release:style | dev:all | dev:page | dev:style) ;;
  *) fail "unknown build: $profile $part" "scripts/build.sh [release|dev] [all|page|style]" ;;
esac

# The names are those that server/src/web/files.rs knows: pkg/creditscope.css, pages.css, creditscope.js, creditscope_bg.wasm.
name=creditscope
site=$root/target/site
# Everything is made here and then copied, so that a running server never reads half a file.
stage=$target/page/$profile
tools=$root/scripts/node_modules/.bin

# Leaves out of the compiled page what only the words of a panic need: a release has none (scripts/prune.mjs).
# Where the library's sources are, they are compiled along, for size and without those words as well.
# The compiler calls these flags unstable: one that no longer has them makes the page larger, no worse.
find_unstable() {
  local known flags=${CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS:-}
  known=$(RUSTC_BOOTSTRAP=1 rustc -Z help 2>/dev/null || true)
  if ! grep -q 'location-detail=' <<<"$known" || ! grep -q 'fmt-debug=' <<<"$known"; then return; fi
  flags+=" -Zlocation-detail=none -Zfmt-debug=none"
  if can_rebuild_std; then
    # A library that was built before is not the one to use.
    flags="$(sed -E 's/--sysroot=[^ ]+//' <<<"$flags") -Zunstable-options -Cpanic=immediate-abort"
    rebuilt=(-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
  fi
  unstable=(RUSTC_BOOTSTRAP=1 "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags")
}

can_rebuild_std() {
  [ -e "$(rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ] &&
    RUSTC_BOOTSTRAP=1 rustc --target "$wasm_target" -Zunstable-options -Cpanic=immediate-abort --print cfg >/dev/null 2>&1
}

build_wasm() {
  local cargo_profile=wasm-release unstable=() rebuilt=()
  if [ "$profile" = dev ]; then cargo_profile=dev; else find_unstable; fi
  # The test of the page's size asks for it: without the sources the page is larger.
  if [ ${#rebuilt[@]} -gt 0 ]; then
    echo rebuilt >"$stage/library"
  else
    echo "as it came" >"$stage/library"
    if [ "$profile" = release ]; then say "The standard library is taken as it came: the page is larger ('rustup component add rust-src')"; fi
  fi
  say "Building the page (wasm, $cargo_profile)"
  # Cargo would let RUSTFLAGS hide the flags that env.sh sets. Debug information would only make the
  # page's tens of megabytes more: stack traces use the functions' names.
  env -u RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=0 "${unstable[@]}" \
    cargo build "${locked[@]}" "${rebuilt[@]}" -p frontend --target "$wasm_target" --profile "$cargo_profile"
  compiled=$target/$wasm_target/${cargo_profile/#dev/debug}
}

# The functions keep their names: a browser's stack trace shows them, and a release is pruned by them.
write_script() {
  local wasm=$1 out=$2 name=$3
  if [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $(locked_version "$root/Cargo.lock" wasm-bindgen)" ]; then
    wasm-bindgen --target web --no-typescript --out-dir "$out" --out-name "$name" "$wasm"
  else
    "$target/tools/release/creditscope-wasm-bindgen" "$wasm" "$out" "$name"
  fi
}

# Smaller when compressed matters more than smaller: -Oz takes out repetition that brotli takes out
# better, and the page is 1 % larger for it.
shrink() {
  local out=$1 name=$2 optimizer=$tools/wasm-opt
  if at_least 120 "$(wasm-opt --version 2>/dev/null | grep -oE '[0-9]+' | head -n 1)"; then optimizer=$(command -v wasm-opt); fi
  node "$root/scripts/prune.mjs" "$out/${name}_bg.wasm"
  "$optimizer" -O2 --shrink-level=2 --converge --zero-filled-memory \
    --enable-bulk-memory --enable-bulk-memory-opt --enable-call-indirect-overlong \
    --enable-multivalue --enable-mutable-globals --enable-nontrapping-float-to-int \
    --enable-reference-types --enable-sign-ext \
    --strip-debug --strip-producers --strip-target-features \
    "$out/${name}_bg.wasm" -o "$out/${name}_bg.wasm"
  "$tools/esbuild" "$out/$name.js" --minify --format=esm --allow-overwrite --log-level=warning --outfile="$out/$name.js"
}

# From the compiled page to the files a browser loads; once per compiled page.
build_script() {
  local wasm=$compiled/frontend.wasm key out=$stage/site/pkg stamp=$stage/script.key
  key=$(cat "$wasm" "$root/scripts/build.sh" "$root/scripts/prune.mjs" "$root/scripts/package-lock.json" | sha256sum)
  if [ -e "$out/$name.js" ] && [ "$key" = "$(cat "$stamp" 2>/dev/null)" ]; then
    say "The page's script is up to date"
    return
  fi
  say "Writing the page's script (wasm-bindgen, and wasm-opt for a release)"
  rm -rf "$out" "$stamp"
  mkdir -p "$out"
  write_script "$wasm" "$out" "$name"
  if [ "$profile" = release ]; then shrink "$out" "$name"; fi
  echo "$key" >"$stamp"
}

bundle_style() {
  "$tools/esbuild" "$root/style/$1.css" --bundle "${flags[@]}" --log-level=warning --outfile="$stage/site/pkg/$2.css"
}

# What public/ holds is addressed from the site's root (`url(/fonts/…)`) and is not bundled.
build_style() {
  local entry flags=()
  say "Bundling the style sheets"
  [ -e "$root/style/main.css" ] || fail "there is no style/main.css" "restore it: git checkout style"
  for entry in "$root"/public/*; do
    [ -e "$entry" ] || continue
    flags+=("--external:/${entry##*/}" "--external:/${entry##*/}/*")
  done
  if [ "$profile" = release ]; then flags+=(--minify); fi
  bundle_style main "$name"
  bundle_style pages pages
}

copy_public() {
  find "$stage/site" -mindepth 1 -maxdepth 1 ! -name pkg -exec rm -rf {} +
  if [ -d "$root/public" ]; then cp -R "$root/public/." "$stage/site/"; fi
}

# Makes the site hold exactly what the stage holds, touching only files that differ: a file that is
# written again would have the server compiled again.
publish() {
  local file
  while IFS= read -r -d '' file; do
    cmp -s "$stage/site/$file" "$site/$file" || install -D -m 644 "$stage/site/$file" "$site/$file"
  done < <(cd "$stage/site" && find . -type f -print0)
  while IFS= read -r -d '' file; do
    [ -e "$stage/site/$file" ] || rm "$site/$file"
  done < <(cd "$site" && find . -type f -print0)
}

build_site() {
  mkdir -p "$stage/site/pkg" "$site"
  if [ "$part" != style ]; then
    build_wasm
    build_script
  fi
  build_style
  copy_public
  if [ "$profile" = release ]; then
    say "Compressing (brotli, gzip)"
    node "$root/scripts/compress.mjs" "$stage/site"
  fi
  publish
}

build_server() {
  local flags=()
  if [ "$profile" = release ]; then flags=(--release); fi
  say "Building the server ($profile)"
  cargo build "${locked[@]}" -p server "${flags[@]}"
}

build_site
if [ "$part" = all ]; then build_server; fi
