# shellcheck shell=bash
# Chooses the Rust toolchain: `source scripts/env.sh`. Installs nothing; scripts/setup.sh does.
#
# 1. The Rust on PATH, if it is new enough and has the standard library for wasm.
# 2. Otherwise Debian's own Rust in /usr/bin, with the wasm standard library that scripts/setup.sh
#    built for it. It lives in a sysroot of its own, so that nothing is written below /usr.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rust_wanted=1.95
wasm_target=wasm32-unknown-unknown
debian_rustc=/usr/bin/rustc
# Raise it when the way setup.sh builds the library changes: cargo cannot see that by itself.
wasm_std_recipe=1

rust_version() { "$1" --version 2>/dev/null | cut -d ' ' -f 2; }

new_enough() { at_least "$rust_wanted" "$(rust_version "$1")"; }

has_wasm_std() {
  compgen -G "$("$1" --print target-libdir --target "$wasm_target" 2>/dev/null)/libstd-*.rlib" >/dev/null
}

path_rust_ready() { have rustc && have cargo && new_enough rustc && has_wasm_std rustc; }

# The sysroot that holds the wasm standard library of Debian's Rust.
wasm_sysroot() {
  echo "$cache/wasm-std/$(rust_version "$debian_rustc")-$("$debian_rustc" -vV | sha256sum | cut -c 1-8)-$wasm_std_recipe"
}

debian_rust_ready() {
  [ -x "$debian_rustc" ] && new_enough "$debian_rustc" &&
    compgen -G "$(wasm_sysroot)/lib/rustlib/$wasm_target/lib/libstd-*.rlib" >/dev/null
}

# Puts Debian's Rust, and nothing else from /usr/bin, before whatever PATH has.
use_debian_rust() {
  local tool bin=$cache/debian-rust
  mkdir -p "$bin"
  for tool in cargo rustc rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do
    ln -sfn "/usr/bin/$tool" "$bin/$tool"
  done
  case ":$PATH:" in *":$bin:"*) ;; *) PATH=$bin:$PATH ;; esac
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=--sysroot=$(wasm_sysroot)
  export PATH CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS
}

use_rust() {
  if path_rust_ready; then return 0; fi
  if debian_rust_ready; then use_debian_rust; return 0; fi
  return 1
}

# There only where setup.sh found the machine's own Node.js too old.
if [ -x "$cache/node/node_modules/.bin/node" ]; then
  export PATH=$cache/node/node_modules/.bin:$PATH
fi

use_rust || say "no Rust that can build the page yet: run 'make setup'"
