//! Which database a command works on: never one that nobody meant to create.

use std::fs;

use crate::import::{ok, run};

/// The file of every command, unless another is named.
const FILE: &str = "data/creditscope.db";

#[test]
fn commands_that_administer_do_not_create_a_database() {
    for arguments in [
        &["key", "create", "--scope", "platform"][..],
        &["user", "list"],
        &["doctor"],
        &["backup", "copy.db"],
        &["ledger", "export", "agency", "ledger.txt"],
        &["account", "list"],
        &["audit"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = run(folder.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(error.contains(FILE), "{arguments:?}: {error}");
        assert!(error.contains("--data-dir"), "{arguments:?}: {error}");
        assert!(error.contains("creditscope migrate"), "{error}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{arguments:?} left {left:?}");
    }
}

#[test]
fn a_database_under_another_name_is_named() {
    let folder = tempfile::tempdir().unwrap();
    ok(
        folder.path(),
        &["migrate", "--database-url", "sqlite://demo.db"],
    );
    let create = ["key", "create", "--scope", "platform"];
    let output = run(folder.path(), &create);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("--database-url sqlite://demo.db"), "{error}");
    assert!(!folder.path().join(FILE).exists());
    let chosen = [&create[..], &["--database-url", "sqlite://demo.db"]].concat();
    ok(folder.path(), &chosen);
}

#[test]
fn migrate_creates_the_database_that_all_commands_use_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["migrate"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(FILE), "{told}");
    ok(folder.path(), &["key", "create", "--scope", "platform"]);
    let files = fs::read_dir(folder.path().join("data")).unwrap();
    let databases = files.filter(|file| {
        let path = file.as_ref().unwrap().path();
        path.extension().is_some_and(|end| end == "db")
    });
    assert_eq!(databases.count(), 1);
}

#[test]
fn a_demo_of_an_earlier_version_is_named_and_no_second_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    ok(
        folder.path(),
        &["migrate", "--database-url", "sqlite://demo.db"],
    );
    let output = run(folder.path(), &["demo", "--addr", "127.0.0.1:0"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(error.contains("data/demo.db"), "{error}");
    assert!(!folder.path().join(FILE).exists());
}
