//! `creditscope ledger` and `creditscope order`, as an operator types them.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::import::{ok, prepared, run};

fn grant(folder: &Path) {
    ok(folder, &["pack", "grant", "boost", "--account", "agency"]);
}

fn with_packs() -> tempfile::TempDir {
    let folder = prepared();
    let boost = [
        "pack",
        "create",
        "boost",
        "--name",
        "Boost",
        "--credits",
        "5000",
    ];
    ok(folder.path(), &boost);
    grant(folder.path());
    grant(folder.path());
    folder
}

fn export(folder: &Path, file: &str) -> Value {
    serde_json::from_str(&ok(folder, &["ledger", "export", "agency", file, "--json"])).unwrap()
}

/// What is said of a file that is refused.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, &[&["ledger", "verify"], arguments].concat());
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same file as if it had always been so.
fn chained_again(text: &str) -> String {
    let mut head = String::new();
    text.lines().fold(String::new(), |mut all, line| {
        let payload = line.split_once(' ').unwrap().1;
        head = Sha256::digest(format!("{head}\n{payload}")).iter().fold(
            String::new(),
            |mut hash, byte| {
                write!(hash, "{byte:02x}").unwrap();
                hash
            },
        );
        writeln!(all, "{head} {payload}").unwrap();
        all
    })
}

#[test]
fn an_export_proves_that_nothing_was_rewritten_since() {
    let folder = with_packs();
    let path = folder.path();
    let written = export(path, "ledger.txt");
    let head = written["head"].as_str().unwrap();
    // The allocation and two packs.
    assert_eq!(written["entries"], 3);
    let text = fs::read_to_string(path.join("ledger.txt")).unwrap();
    assert_eq!(text.lines().count(), 4);
    assert_eq!(chained_again(&text), text);
    assert!(text.lines().last().unwrap().starts_with(head));
    // What was written later is no difference.
    grant(path);
    ok(path, &["ledger", "verify", "ledger.txt"]);
    ok(path, &["ledger", "verify", "ledger.txt", "--head", head]);
    let later = export(path, "later.txt");
    assert_eq!(later["entries"], 4);
    assert!(
        fs::read_to_string(path.join("later.txt"))
            .unwrap()
            .starts_with(&text)
    );

    let changed = text.replace(r#""5000""#, r#""6000""#);
    assert_ne!(changed, text);
    fs::write(path.join("changed.txt"), &changed).unwrap();
    assert!(refused(path, &["changed.txt"]).contains("line 3 does not follow"));
    // Whoever changes a line and every hash after it is found by the ledger itself, and by the hash that was noted.
    fs::write(path.join("forged.txt"), chained_again(&changed)).unwrap();
    assert!(refused(path, &["forged.txt"]).contains("something else at line 3"));
    assert!(refused(path, &["forged.txt", "--head", head]).contains("another hash was noted"));
    fs::write(path.join("empty.txt"), "").unwrap();
    assert!(refused(path, &["empty.txt"]).contains("does not begin with the name of an account"));
    // An export is never written over.
    assert!(
        !run(path, &["ledger", "export", "agency", "ledger.txt"])
            .status
            .success()
    );
    assert!(
        !run(path, &["ledger", "export", "nobody", "nobody.txt"])
            .status
            .success()
    );
    assert!(!path.join("nobody.txt").exists());
}

#[test]
fn an_operator_reads_orders_and_is_told_of_one_that_is_unknown() {
    let folder = with_packs();
    let list = ok(
        folder.path(),
        &["order", "list", "--account", "agency", "--json"],
    );
    assert_eq!(list.trim(), "[]");
    for arguments in [
        &["order", "confirm", "none", "--account", "agency"][..],
        &[
            "order",
            "fail",
            "none",
            "--account",
            "agency",
            "--reason",
            "card declined",
        ],
        &["order", "list", "--account", "nobody"],
    ] {
        assert!(
            !run(folder.path(), arguments).status.success(),
            "{arguments:?}"
        );
    }
}
