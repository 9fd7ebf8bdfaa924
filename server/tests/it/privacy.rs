//! Nobody else on the machine reads what this program writes.
#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    import::{ok, prepared, run},
    kill::program::{Program, binary},
};

/// Everything below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_for_their_owner_alone_whatever_the_shell_allows() {
    let folder = prepared();
    let path = folder.path();
    ok(path, &["backup", "data/copy.db"]);
    ok(path, &["ledger", "export", "agency", "data/ledger.txt"]);
    for file in below(&path.join("data")) {
        let right = if file.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&file), right, "{}", file.display());
    }
    assert_eq!(mode(&path.join("data")), 0o700);
}

#[tokio::test]
async fn what_a_running_server_writes_is_for_its_owner_alone() {
    let mut program = Program::provision().await;
    let data = program.folder().join("made");
    let mut command = Command::new(binary());
    command.env(
        "CREDITSCOPE_DATABASE_URL",
        format!("sqlite://{}/own.db", data.display()),
    );
    let lines = program.run(command, "warn");
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let files = below(&data);
    assert!(
        files.iter().any(|file| file.ends_with("own.db-wal")),
        "{files:?}"
    );
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&program.folder().join("mail")), 0o700);
}

#[test]
fn a_file_that_others_may_open_is_told_with_the_cure() {
    let folder = prepared();
    let path = folder.path();
    let file = path.join("data/creditscope.db");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let told = String::from_utf8(run(path, &["doctor"]).stderr).unwrap();
    assert!(told.contains("chmod 600 data/creditscope.db"), "{told}");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let told = String::from_utf8(run(path, &["doctor"]).stderr).unwrap();
    assert!(!told.contains("chmod"), "{told}");
}
