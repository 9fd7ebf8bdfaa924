//! `creditscope ledger` and `creditscope order`, as an operator types them.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, sync::Arc};

use domain::ledger::OrderKind;
use serde_json::Value;
use service::{Caller, Permission, Services, SystemClock, orders::OrderAsk};
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

/// Orders a pack as the page does, in the database of a folder.
async fn order(folder: &Path) -> String {
    let options = storage::OpenOptions {
        folder: Some(folder.join("data")),
        ..storage::OpenOptions::default()
    };
    let database = storage::open("sqlite://creditscope.db", &options)
        .await
        .unwrap();
    let services = Services::start(database, Arc::new(SystemClock));
    let operator = Caller::operator("test");
    let scope = services
        .scope(&operator, Some("agency"), Permission::Read)
        .await
        .unwrap();
    let order = services
        .place_order(&scope, &OrderAsk::one(OrderKind::Pack, "boost"))
        .await
        .unwrap();
    services.close().await;
    order.id
}

#[tokio::test]
async fn an_operator_confirms_one_order_and_fails_another() {
    let folder = with_packs();
    let path = folder.path();
    let (first, second) = (order(path).await, order(path).await);
    let confirm = [
        "order",
        "confirm",
        &first,
        "--account",
        "agency",
        "--payment-reference",
        "bank-7",
    ];
    let fail = [
        "order",
        "fail",
        &second,
        "--account",
        "agency",
        "--reason",
        "card declined",
    ];
    assert_eq!(ok(path, &confirm), format!("Order {first} is applied.\n"));
    assert_eq!(ok(path, &fail), format!("Order {second} is failed.\n"));
    // Said twice, it is given once; and what is decided stays decided.
    ok(path, &confirm);
    let changed = [
        "order",
        "fail",
        &first,
        "--account",
        "agency",
        "--reason",
        "no",
    ];
    assert!(!run(path, &changed).status.success());
    // The allocation, two packs given, one bought.
    assert_eq!(export(path, "after.txt")["entries"], 4);
    let list = ["order", "list", "--account", "agency", "--json"];
    let listed: Value = serde_json::from_str(&ok(path, &list)).unwrap();
    let states: BTreeMap<_, _> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|order| {
            (
                order["id"].as_str().unwrap(),
                order["state"].as_str().unwrap(),
            )
        })
        .collect();
    let right = BTreeMap::from([(&*first, "applied"), (&*second, "failed")]);
    assert_eq!(states, right);
}

#[test]
fn an_operator_reads_who_did_what() {
    let folder = with_packs();
    let read = |arguments: &[&str]| -> Vec<String> {
        let text = ok(folder.path(), &[&["audit", "--json"], arguments].concat());
        let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
        let action = |entry: &Value| entry["action"].as_str().unwrap().to_owned();
        entries.iter().map(action).collect()
    };
    let of_account = read(&["--account", "agency"]);
    assert_eq!(of_account[..2], ["credits.given", "credits.given"]);
    assert_eq!(of_account.last().unwrap(), "account.put");
    let everything = read(&[]);
    assert!(everything.contains(&"pack.put".to_owned()) && everything.len() > of_account.len());
    assert_eq!(read(&["--action", "plan"]), ["plan.put"]);
    assert_eq!(read(&["--actor", "nobody"]), [""; 0]);
    assert!(
        !run(folder.path(), &["audit", "--account", "nowhere"])
            .status
            .success()
    );
}
