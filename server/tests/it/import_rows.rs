//! What rows of a file are: the same rows wherever they stand, and where what is wrong with them stands.

use std::{fs, path::Path, sync::Arc};

use axum::http::Method;
use domain::Credits;
use serde_json::{Value, json};
use service::{Caller, Permission, Services, SystemClock, ports::Store};
use sha2::{Digest, Sha256};

use crate::{
    import::{ok, prepared, run},
    support::{TestServer, event_with},
};

const HEADER: &str = "time,credits,reference";
/// Two of these rows are equal.
const ROWS: [&str; 5] = [
    "2023-11-16 18:15:46,1.50,a",
    "2023-11-16 18:15:46,1.50,a",
    "2023-11-16 18:15:50,2,\"b, c\"",
    "2023-11-17 08:00:00,3,",
    "2023-11-18 08:00:00,0.000001,d",
];

fn import_with(folder: &Path, file: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["import", file, "--account", "agency", "--json"];
    arguments.extend(["--company", "one", "--agent", "chat", "--allow-old"]);
    arguments.extend(more);
    let output = run(folder, &arguments);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// Writes a file and imports it: rows stored, known, refused.
#[track_caller]
fn import(folder: &Path, file: &str, text: &str) -> (u64, u64, u64) {
    fs::write(folder.join(file), text).unwrap();
    let totals = import_with(folder, file, &[]);
    let count = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!(
        (count("new"), count("known")),
        (count("accepted"), count("duplicates"))
    );
    (count("new"), count("known"), count("refused"))
}

fn file(rows: &[&str], end: &str) -> String {
    let mut text = format!("{HEADER}{end}");
    for row in rows {
        text.push_str(row);
        text.push_str(end);
    }
    text
}

#[test]
fn rows_without_an_id_are_known_however_their_file_is_kept() {
    let folder = prepared();
    let path = folder.path();
    assert_eq!(import(path, "may.csv", &file(&ROWS, "\n")), (5, 0, 0));
    let mut sorted = ROWS;
    sorted.reverse();
    let plain = file(&ROWS, "\n");
    for (name, text, known) in [
        ("renamed.csv", plain.clone(), 5),
        ("may.csv", file(&sorted, "\n"), 5),
        ("may.csv", file(&ROWS[1..], "\n"), 4),
        ("may.csv", file(&ROWS[3..], "\n"), 2),
        ("may.csv", file(&ROWS, "\r\n"), 5),
        ("may.csv", file(&ROWS, "\r"), 5),
        ("may.csv", format!("\u{feff}{plain}"), 5),
        ("may.csv", file(&ROWS, "\n\n"), 5),
        (
            "may.csv",
            plain.replace("1.50", "1.5").replace(",2,", ",2.000,"),
            5,
        ),
        (
            "may.csv",
            plain.replace("2023-11-16 18:15:46", "\"2023-11-16T19:15:46+01:00\""),
            5,
        ),
        (
            "may.csv",
            plain.replace("08:00:00,3,", "08:00:00 , 3 , "),
            5,
        ),
    ] {
        assert_eq!(import(path, name, &text), (0, known, 0), "{text:?}");
    }
    let other_order = "note,reference,time,credits\nx,d,2023-11-18 08:00:00,0.000001\ny,a,2023-11-16 18:15:46,1.5\n";
    assert_eq!(import(path, "may.csv", other_order), (0, 2, 0));
    let appended = plain + "2023-11-19 08:00:00,1,e\n2023-11-16 18:15:46,1.50,a\n";
    assert_eq!(
        import(path, "may.csv", &appended),
        (2, 5, 0),
        "a third equal row is a third event"
    );
    assert_eq!(import(path, "june.csv", &appended), (0, 7, 0));
    let doctor: Value = serde_json::from_str(&ok(path, &["doctor", "--json"])).unwrap();
    assert_eq!(doctor["events"], 7);
}

#[test]
fn equal_rows_of_other_companies_agents_and_sources_are_other_events() {
    let folder = prepared();
    let path = folder.path();
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
    fs::write(path.join("f.csv"), file(&ROWS, "\n")).unwrap();
    let new = |more: &[&str]| import_with(path, "f.csv", more)["new"].as_u64().unwrap();
    assert_eq!(new(&[]), 5);
    let base = [
        "import",
        "f.csv",
        "--account",
        "agency",
        "--json",
        "--allow-old",
    ];
    for more in [
        ["--company", "two", "--agent", "chat"],
        ["--company", "one", "--agent", "nox"],
    ] {
        let totals: Value =
            serde_json::from_str(&ok(path, &[&base[..], &more[..]].concat())).unwrap();
        assert_eq!(totals["new"], 5, "{more:?}");
    }
    assert_eq!(new(&["--source", "gateway-2"]), 5);
    assert_eq!(new(&["--source", "gateway-2"]), 0);
}

/// The id that earlier versions gave to a row.
fn former_id(line: u64, cells: &[&str]) -> String {
    let mut digest = Sha256::new();
    for cell in cells {
        digest.update((cell.len() as u64).to_be_bytes());
        digest.update(cell);
    }
    let hash = u64::from_be_bytes(digest.finalize()[..8].try_into().unwrap());
    format!("{line:010}-{hash:016x}")
}

#[test]
fn rows_that_an_earlier_version_imported_stay_known() {
    let folder = prepared();
    let path = folder.path();
    let rows = [
        ["2023-11-16 18:15:46", "1.50", "a"],
        ["2023-11-16 18:15:46", "1.50", "a"],
        ["2023-11-17 08:00:00", "3", "'+4917"],
    ];
    let mut former = format!("{HEADER},id\n");
    for (line, row) in (2..).zip(&rows) {
        former.push_str(&[row.join(","), former_id(line, row)].join(","));
        former.push('\n');
    }
    // As it was stored then: with the quote, which nothing took away.
    let former = former.replace("'+", "''+");
    fs::write(path.join("former.csv"), former).unwrap();
    let stored = import_with(path, "former.csv", &["--source", "may.csv"]);
    assert_eq!(stored["new"], 3);
    let rows: Vec<_> = rows.iter().map(|row| row.join(",")).collect();
    let mut rows: Vec<_> = rows.iter().map(String::as_str).collect();
    assert_eq!(import(path, "may.csv", &file(&rows, "\n")), (0, 3, 0));
    assert_eq!(import(path, "may.csv", &file(&rows, "\r\n")), (0, 3, 0));
    rows.reverse();
    assert_eq!(import(path, "renamed.csv", &file(&rows, "\n")), (0, 3, 0));
    rows.push("2023-11-16 18:15:46,1.50,a");
    assert_eq!(import(path, "may.csv", &file(&rows, "\n")), (1, 3, 0));
    assert_eq!(import(path, "may.csv", &file(&rows, "\n")), (0, 4, 0));
}

#[test]
fn rows_with_an_id_that_were_stored_under_their_files_name_stay_known() {
    let folder = prepared();
    let path = folder.path();
    let text = "id,time,credits\n1,2023-11-16 18:15:46,1\n2,2023-11-16 18:15:47,2\n";
    fs::write(path.join("f.csv"), text).unwrap();
    assert_eq!(import_with(path, "f.csv", &["--source", "f.csv"])["new"], 2);
    assert_eq!(import(path, "f.csv", text), (0, 2, 0));
    assert_eq!(
        import(path, "f.csv", &text.replace("46,1", "46,9")),
        (0, 1, 1)
    );
}

#[test]
fn a_preview_says_how_many_rows_are_new_known_and_in_conflict() {
    let folder = prepared();
    let path = folder.path();
    let text = "id,time,credits\n1,2023-11-16 18:15:46,1\n2,2023-11-16 18:15:47,2\n";
    assert_eq!(import(path, "f.csv", text), (2, 0, 0));
    let more = text.replace("47,2", "47,5")
        + "3,2023-11-16 18:15:48,3\n3,2023-11-16 18:15:48,3.0\n3,2023-11-16 18:15:48,4\nx,yesterday,1\n";
    fs::write(path.join("f.csv"), more).unwrap();
    let preview = import_with(path, "f.csv", &["--dry-run"]);
    let real = import_with(path, "f.csv", &[]);
    for totals in [&preview, &real] {
        let counts = ["new", "known", "conflicts", "refused", "events"]
            .map(|name| totals[name].as_u64().unwrap());
        assert_eq!(counts, [1, 2, 2, 3, 3], "{totals}");
        assert_eq!(totals["credits"], "7");
        let lines: Vec<_> = totals["refused_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["line"].as_u64().unwrap())
            .collect();
        assert_eq!(lines, [3, 6, 7]);
    }
    assert_eq!(
        (preview["accepted"].as_u64(), real["accepted"].as_u64()),
        (Some(0), Some(1))
    );
    let arguments = [
        "import",
        "f.csv",
        "--account",
        "agency",
        "--company",
        "one",
        "--agent",
        "chat",
        "--allow-old",
        "--dry-run",
    ];
    let words = String::from_utf8(run(path, &arguments).stdout).unwrap();
    assert!(
        words.contains("0 new, 3 known, 2 in conflict; nothing stored (dry run)"),
        "{words}"
    );
}

#[test]
fn the_file_of_the_month_so_far_ends_well_every_night() {
    let folder = prepared();
    let path = folder.path();
    assert_eq!(import(path, "month.csv", &file(&ROWS, "\n")), (5, 0, 0));
    // The bound holds, and all rows are older than it.
    let arguments = [
        "import",
        "month.csv",
        "--account",
        "agency",
        "--company",
        "one",
        "--agent",
        "chat",
        "--json",
    ];
    let totals: Value = serde_json::from_str(&ok(path, &arguments)).unwrap();
    assert_eq!(
        (totals["known"].as_u64(), totals["refused"].as_u64()),
        (Some(5), Some(0))
    );
}

#[test]
fn what_is_wrong_is_told_by_the_line_that_an_editor_shows() {
    let folder = prepared();
    let rows = [
        "yesterday,1,x",
        "2023-11-16 18:15:46,1,\"two\nlines\"",
        "",
        "2023-11-16 18:15:46,-1,y",
        "2023-11-16 18:15:46,1",
        "# note",
    ];
    for end in ["\n", "\r\n", "\r"] {
        let text = format!(
            "\u{feff}{}",
            file(&rows, end).replace('\n', if end == "\r" { "\r" } else { "\n" })
        );
        fs::write(folder.path().join("f.csv"), text).unwrap();
        let totals = import_with(folder.path(), "f.csv", &["--dry-run"]);
        let lines: Vec<_> = totals["refused_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["line"].as_u64().unwrap())
            .collect();
        assert_eq!(lines, [2, 3, 6, 7, 8], "{end:?} {totals}");
    }
}

/// Texts that a spreadsheet or an import might take for something else.
const REFERENCES: [&str; 12] = [
    "+4917", "'+4917", "''+4917", "'tis", "'", "=1+1", "-5", "@x", " padded ", "a,\"b\"", "|x",
    "＝x",
];

async fn used() -> TestServer {
    let server = TestServer::start().await;
    let card = json!({ "effective_at": "2026-01-01", "rules": [{ "unit": "token", "credits_per_unit": "0.5" }] });
    server
        .put("/api/v1/rate-cards/creditscope.usage", &card)
        .await
        .ok(201);
    for (index, reference) in REFERENCES.into_iter().enumerate() {
        let event = event_with(&format!("e{index}"), "/data/reference", json!(reference));
        server.post_events(&event).await.ok(204);
    }
    let metadata = json!({ "=x": "'+1", "n": 1.25, "t": "a\r\nb" });
    server
        .post_events(&event_with("'+m", "/data/metadata", metadata))
        .await
        .ok(204);
    let metered = json!({ "agent": "nox", "activity": "reply", "quantity": 5, "unit": "token" });
    server
        .post_events(&event_with("metered", "/data", metered))
        .await
        .ok(204);
    let hold = json!({ "id": "h", "company": "acme-dental", "agent": "chat", "activity": "a", "credits": "5", "expires_in_s": 60 });
    server
        .ask(Method::POST, "/api/v1/holds", &hold)
        .await
        .ok(201);
    let end = json!({ "credits": "3", "reference": "held" });
    server
        .ask(Method::POST, "/api/v1/holds/h/settle", &end)
        .await
        .ok(200);
    let back = json!({ "reason": "r", "credits": "0.5" });
    server
        .post("/api/v1/events/test/e0/reversal?account=northwind", &back)
        .await
        .ok(201);
    server
}

async fn export(server: &TestServer) -> String {
    server
        .get("/api/v1/events?format=csv", &server.read)
        .await
        .ok(200)
        .text()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_imported_into_a_fresh_account_is_the_same_usage() {
    let server = used().await;
    // The machine's own clock is later than that.
    let text = export(&server).await.replace("2026-11-23", "2023-11-23");
    let folder = prepared();
    let path = folder.path();
    ok(
        path,
        &[
            "company",
            "create",
            "acme-dental",
            "--account",
            "agency",
            "--name",
            "Acme",
        ],
    );
    fs::write(path.join("northwind-events.csv"), &text).unwrap();
    let import = [
        "import",
        "northwind-events.csv",
        "--account",
        "agency",
        "--allow-old",
        "--json",
    ];
    let first: Value = serde_json::from_str(&ok(path, &import)).unwrap();
    // Twelve and one at 1.5, one at 2.5, a hold at 3.
    assert_eq!(
        (first["new"].as_u64(), first["credits"].as_str()),
        (Some(15), Some("25"))
    );
    let again: Value = serde_json::from_str(&ok(path, &import)).unwrap();
    assert_eq!(
        (again["new"].as_u64(), again["known"].as_u64()),
        (Some(0), Some(15))
    );

    let url = format!("sqlite://{}", path.join("data/creditscope.db").display());
    let store: Arc<dyn Store> = storage::open(&url, &storage::OpenOptions::default())
        .await
        .unwrap();
    let services = Services::start(store, Arc::new(SystemClock));
    let caller = Caller::operator("test");
    let scope = services
        .scope(&caller, Some("agency"), Permission::Read)
        .await
        .unwrap();
    for (index, reference) in REFERENCES.into_iter().enumerate() {
        let stored = services
            .event(&scope, "test", &format!("e{index}"))
            .await
            .unwrap();
        assert_eq!(stored.reference.as_deref(), Some(reference));
        let back = if index == 0 {
            Credits::from_micro(500_000)
        } else {
            Credits::ZERO
        };
        assert_eq!(stored.reversed, back);
    }
    let stored = services.event(&scope, "test", "'+m").await.unwrap();
    assert_eq!(
        stored.metadata.as_deref(),
        Some(r#"{"=x":"'+1","n":1.25,"t":"a\r\nb"}"#)
    );
    let held = services.event(&scope, "imported:holds", "h").await.unwrap();
    assert_eq!(held.reference.as_deref(), Some("held"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_imported_where_it_comes_from_finds_every_row_known() {
    let server = used().await;
    let folder = prepared();
    let url = format!("sqlite://{}", server.file().display());
    let import = async |text: String| {
        fs::write(folder.path().join("e.csv"), text).unwrap();
        let arguments = [
            "import",
            "e.csv",
            "--account",
            "northwind",
            "--allow-old",
            "--json",
            "--database-url",
            &url,
        ];
        let output = run(folder.path(), &arguments);
        serde_json::from_slice::<Value>(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    let text = export(&server).await;
    let totals = import(text.clone()).await;
    assert_eq!(
        (
            totals["new"].as_u64(),
            totals["known"].as_u64(),
            totals["refused"].as_u64()
        ),
        (Some(0), Some(15), Some(0)),
        "{totals}"
    );
    let changed = import(text.replace(",held,", ",other,").replace(",'=1+1,", ",=2,")).await;
    assert_eq!(changed["conflicts"], 2, "{changed}");
}
