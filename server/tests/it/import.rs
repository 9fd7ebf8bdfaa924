//! `creditscope import` and its sisters, as a person types them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_creditscope"))
        .env_remove("CREDITSCOPE_BIN")
        .current_dir(folder)
        .args(["--data-dir", "data", "--log", "warn"])
        .args(arguments)
        .output();
    command.unwrap()
}

#[track_caller]
pub fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    ok(path, &["migrate"]);
    ok(
        path,
        &[
            "plan",
            "create",
            "growth",
            "--name",
            "Growth",
            "--monthly-credits",
            "75000",
            "--price",
            "499",
            "--currency",
            "EUR",
        ],
    );
    ok(
        path,
        &[
            "account",
            "create",
            "agency",
            "--name",
            "Agency",
            "--kind",
            "agency",
            "--time-zone",
            "Europe/Berlin",
            "--cycle-anchor",
            "2023-01-01",
            "--plan",
            "growth",
        ],
    );
    ok(
        path,
        &[
            "company",
            "create",
            "one",
            "--account",
            "agency",
            "--name",
            "One",
        ],
    );
    let rules = r#"[{"match":{"activity":"llm_request"},"unit":"token","credits_per_unit":"0.001","rounding":"exact","decimals":6}]"#;
    ok(
        path,
        &[
            "rate-card",
            "create",
            "--effective-at",
            "2023-01-01",
            "--rules",
            rules,
        ],
    );
    fs::write(path.join("trace.csv"), trace()).unwrap();
    folder
}

/// Two identical rows are two events; the last column is what a spreadsheet would run.
fn trace() -> String {
    let mut text = "TIMESTAMP,ContextTokens,GeneratedTokens,Note\n".to_owned();
    text.push_str("2023-11-16 18:15:46.6805900,374,44,a\n2023-11-16 18:15:46.6805900,374,44,a\n2023-11-16 18:15:50.9951690,396,109,\"b,\nc\"\n");
    text
}

const IMPORT: [&str; 15] = [
    "import",
    "trace.csv",
    "--account",
    "agency",
    "--company",
    "one",
    "--agent",
    "chat",
    "--activity",
    "llm_request",
    "--unit",
    "token",
    "--allow-old",
    "--json",
    "--map=time=TIMESTAMP,quantity=ContextTokens+GeneratedTokens",
];

#[test]
fn importing_twice_stores_once_and_agrees_with_an_independent_sum() {
    let folder = prepared();
    let dry: Value =
        serde_json::from_str(&ok(folder.path(), &[&IMPORT[..], &["--dry-run"]].concat())).unwrap();
    assert_eq!(
        (
            dry["events"].as_u64(),
            dry["credits"].as_str(),
            dry["accepted"].as_u64()
        ),
        (Some(3), Some("1.341"), Some(0))
    );
    let first: Value = serde_json::from_str(&ok(folder.path(), &IMPORT)).unwrap();
    assert_eq!(
        (first["accepted"].as_u64(), first["duplicates"].as_u64()),
        (Some(3), Some(0))
    );
    let again: Value = serde_json::from_str(&ok(folder.path(), &IMPORT)).unwrap();
    assert_eq!(
        (
            again["accepted"].as_u64(),
            again["duplicates"].as_u64(),
            again["credits"].as_str()
        ),
        (Some(0), Some(3), Some("1.341"))
    );
    let doctor: Value = serde_json::from_str(&ok(folder.path(), &["doctor", "--json"])).unwrap();
    assert_eq!(
        (
            doctor["events"].as_u64(),
            doctor["differences"].as_array().unwrap().len()
        ),
        (Some(3), 0)
    );
}

#[test]
fn wrong_rows_are_named_by_line_and_the_others_stored() {
    let folder = prepared();
    let text = trace()
        + "yesterday,1,1,x\n2023-11-16 18:16:00,-5,1,x\n2023-11-16 18:16:00,1\n2023-11-16 18:16:00,1,1,x\n";
    fs::write(folder.path().join("trace.csv"), text).unwrap();
    let output = run(folder.path(), &IMPORT);
    assert_eq!(output.status.code(), Some(1));
    let totals: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (totals["accepted"].as_u64(), totals["refused"].as_u64()),
        (Some(4), Some(3))
    );
    let lines: Vec<_> = totals["refused_rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [6, 7, 8]);
}

#[test]
fn history_needs_to_be_asked_for() {
    let folder = prepared();
    let without: Vec<_> = IMPORT
        .iter()
        .copied()
        .filter(|argument| *argument != "--allow-old")
        .collect();
    let output = run(folder.path(), &without);
    let totals: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (totals["accepted"].as_u64(), totals["refused"].as_u64()),
        (Some(0), Some(3))
    );
}

#[test]
fn what_is_missing_or_wrong_is_said_before_anything_is_stored() {
    let folder = prepared();
    let place = "--account agency --company one";
    for (arguments, word) in [
        (
            format!("import nowhere.csv {place} --agent chat"),
            "nowhere.csv",
        ),
        (format!("import trace.csv {place} --agent chat"), "time"),
        (format!("import trace.csv {place} --map time=Time"), "Time"),
        (
            "import trace.csv --account agency --map time=TIMESTAMP".to_owned(),
            "company",
        ),
        (
            format!("import trace.csv {place} --map time=TIMESTAMP,credits=Note"),
            "agent",
        ),
    ] {
        let output = run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && text.contains(word),
            "{arguments}: {text}"
        );
    }
}

#[test]
fn a_platform_key_is_printed_once_and_alone() {
    let folder = prepared();
    let printed = ok(folder.path(), &["key", "create", "--scope", "platform"]);
    let key = printed.strip_suffix('\n').unwrap();
    assert!(
        key.starts_with("cs_")
            && key
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_'),
        "{printed}"
    );
    let prefix = key.split('_').nth(1).unwrap();
    assert!(ok(folder.path(), &["key", "list"]).contains(prefix));
    ok(folder.path(), &["key", "revoke", prefix]);
    assert!(ok(folder.path(), &["key", "list", "--json"]).contains("\"revoked_at\":\"20"));
}

#[test]
fn people_are_created_and_listed() {
    let folder = prepared();
    ok(
        folder.path(),
        &[
            "user",
            "create",
            "a@b.example",
            "--name",
            "A",
            "--password",
            "correct horse",
            "--account",
            "agency",
            "--role",
            "client",
            "--company",
            "one",
        ],
    );
    assert!(ok(folder.path(), &["user", "list"]).contains("a@b.example"));
    assert!(ok(folder.path(), &["company", "list", "--account", "agency"]).contains("One"));
    assert!(ok(folder.path(), &["account", "list"]).contains("Europe/Berlin"));
    assert!(ok(folder.path(), &["plan", "list"]).contains("75000"));
    assert!(ok(folder.path(), &["rate-card", "list"]).contains("creditscope.usage"));
    let output = run(
        folder.path(),
        &["user", "create", "a", "--name", "A", "--password", "short"],
    );
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("email"));
}

#[test]
fn a_copy_is_a_whole_database() {
    let folder = prepared();
    ok(folder.path(), &["backup", "copy.db"]);
    let copied = run(
        folder.path(),
        &[
            "account",
            "list",
            "--database-url",
            &format!("sqlite://{}", folder.path().join("copy.db").display()),
        ],
    );
    assert!(String::from_utf8_lossy(&copied.stdout).contains("agency"));
}

#[test]
fn a_wrong_or_unknown_setting_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("creditscope.toml"),
        "adress = \"127.0.0.1:1\"\n",
    )
    .unwrap();
    let output = run(folder.path(), &["serve"]);
    assert!(
        !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("'adress'")
    );
    fs::remove_file(folder.path().join("creditscope.toml")).unwrap();
    let output = run(folder.path(), &["serve", "--addr", "nowhere"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("--addr"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_creditscope"));
    let output = command
        .current_dir(folder.path())
        .env("CREDITSCOPE_ADRESS", "x")
        .arg("migrate")
        .output()
        .unwrap();
    assert!(
        !output.status.success()
            && String::from_utf8_lossy(&output.stderr).contains("CREDITSCOPE_ADRESS")
    );
}
