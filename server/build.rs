//! Compiles the server again when the page it embeds has changed.

fn main() {
    println!("cargo:rerun-if-changed=../target/site");
}
