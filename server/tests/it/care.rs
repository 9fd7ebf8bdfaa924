//! `doctor`, `backup` and `restore` on files as they may be found.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    import::{ok, prepared, run},
    kill::program::Program,
};

const FILE: &str = "data/creditscope.db";

/// A database with usage, and a backup of it from before that usage.
fn used() -> tempfile::TempDir {
    let folder = prepared();
    let path = folder.path();
    ok(path, &["backup", "before.db"]);
    ok(
        path,
        &[
            "company",
            "create",
            "two",
            "--account",
            "agency",
            "--name",
            "Two",
        ],
    );
    folder
}

fn companies(path: &Path) -> usize {
    ok(path, &["company", "list", "--account", "agency"])
        .lines()
        .count()
}

fn said(path: &Path, arguments: &[&str]) -> String {
    let output = run(path, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    let texts = [output.stdout, output.stderr];
    texts.map(|text| String::from_utf8(text).unwrap()).concat()
}

fn kept(path: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(path.join("data")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    files
        .filter(|file| file.to_string_lossy().contains("-before-"))
        .filter(|file| file.extension().is_some_and(|end| end == "db"))
        .collect()
}

/// Damages every page after the first.
fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[4_096..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(file, bytes).unwrap();
}

#[test]
fn doctor_tells_a_damaged_file_and_changes_nothing() {
    let folder = used();
    let file = folder.path().join(FILE);
    damage(&file);
    let before = fs::read(&file).unwrap();
    let told = said(folder.path(), &["doctor"]);
    assert!(told.contains("is damaged"), "{told}");
    assert!(told.contains("creditscope restore"), "{told}");
    assert!(!told.contains("All agree"), "{told}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_backup_is_never_written_over_anything_and_none_of_a_damaged_file_is_left() {
    let folder = used();
    let path = folder.path();
    fs::write(path.join("notes.txt"), "").unwrap();
    let told = said(path, &["backup", "notes.txt"]);
    assert!(told.contains("notes.txt"), "{told}");
    assert_eq!(fs::read(path.join("notes.txt")).unwrap(), b"");
    damage(&path.join(FILE));
    said(path, &["backup", "copy.db"]);
    assert!(!path.join("copy.db").exists());
}

#[test]
fn a_backup_is_restored_and_the_database_so_far_is_kept() {
    let folder = used();
    let path = folder.path();
    assert_eq!(companies(path), 2);
    let told = ok(path, &["restore", "before.db"]);
    assert!(told.contains("All agree"), "{told}");
    assert_eq!(companies(path), 1);
    let kept = kept(path);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let url = format!(
        "sqlite://{}",
        kept[0].file_name().unwrap().to_string_lossy()
    );
    let list = [
        "company",
        "list",
        "--account",
        "agency",
        "--database-url",
        &url,
    ];
    assert_eq!(ok(path, &list).lines().count(), 2);
    ok(path, &["doctor"]);
}

#[test]
fn a_damaged_database_is_replaced_and_a_damaged_backup_is_not_put_in_place() {
    let folder = used();
    let path = folder.path();
    fs::copy(path.join("before.db"), path.join("bad.db")).unwrap();
    damage(&path.join("bad.db"));
    let told = said(path, &["restore", "bad.db"]);
    assert!(told.contains("is damaged"), "{told}");
    assert_eq!(companies(path), 2);
    let told = said(path, &["restore", "nothing.db"]);
    assert!(
        told.contains("nothing.db") || told.contains("open"),
        "{told}"
    );
    assert_eq!((companies(path), kept(path).len()), (2, 0));
    damage(&path.join(FILE));
    ok(path, &["restore", "before.db"]);
    assert_eq!((companies(path), kept(path).len()), (1, 1));
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_server() {
    let mut program = Program::provision().await;
    let file = program.folder().join("creditscope.db");
    let url = format!("sqlite://{}", file.display());
    let outside = tempfile::tempdir().unwrap();
    let backup = outside.path().join("copy.db");
    let backup = backup.to_string_lossy();
    ok(outside.path(), &["--database-url", &url, "backup", &backup]);
    program.start();
    let told = said(
        outside.path(),
        &["--database-url", &url, "restore", &backup],
    );
    assert!(told.contains("stop the server"), "{told}");
    program.kill();
    ok(
        outside.path(),
        &["--database-url", &url, "restore", &backup],
    );
}

/// Kills a restore as soon as there is a file whose name holds `part`, or it has ended.
fn restore_killed_at(path: &Path, part: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_creditscope"))
        .current_dir(path)
        .args([
            "--data-dir",
            "data",
            "--log",
            "warn",
            "restore",
            "before.db",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let has_part = || {
        let mut files = fs::read_dir(path.join("data")).unwrap();
        files.any(|file| {
            let name = file.unwrap().file_name();
            name.to_string_lossy().contains(part)
        })
    };
    while !has_part() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_or_the_new_database_and_can_be_done_again() {
    for part in ["lock", ".restoring", ".restoring-wal", "-before-"] {
        let folder = used();
        let path = folder.path();
        restore_killed_at(path, part);
        ok(path, &["doctor"]);
        assert!([1, 2].contains(&companies(path)), "{part}");
        ok(path, &["restore", "before.db"]);
        assert_eq!(companies(path), 1, "{part}");
        assert!(!path.join("data/creditscope.db.restoring").exists());
    }
}
