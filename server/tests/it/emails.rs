//! Emails as another language's parser reads them, and the link in them that unsubscribes.

use std::{path::Path, process::Command, sync::Arc};

use axum::{
    body::Body,
    http::{Method, header},
};
use serde_json::Value;
use server::mail::Letters;
use service::mail::{Email, Mailer as _, Pages};
use tempfile::TempDir;

use crate::{
    joining::{get, post, signed_in},
    pages::{form, with_people},
    support::{NOW, TestServer, request},
};

/// Prints what Python's `email` makes of files, as JSON.
const PARSER: &str = r#"
import email, json, sys
from email import policy

def part(one):
    return {
        "type": one.get_content_type(),
        "charset": one.get_content_charset(),
        "text": one.get_content().replace("\r\n", "\n"),
        "defects": [repr(defect) for defect in one.defects],
    }

def whole(path):
    raw = open(path, "rb").read()
    message = email.message_from_bytes(raw, policy=policy.default)
    return {
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "count": len(message.items()),
        "sender": message["from"].addresses[0].display_name,
        "date": message["date"].datetime.isoformat(),
        "type": message.get_content_type(),
        "parts": [part(one) for one in message.walk() if not one.is_multipart()],
        "defects": [repr(defect) for defect in message.defects],
        "header_defects": [repr(defect) for value in message.values() for defect in value.defects],
        "longest": max(len(line) for line in raw.split(b"\r\n")),
        "bare": raw.count(b"\n") - raw.count(b"\r\n"),
    }

print(json.dumps([whole(path) for path in sys.argv[1:]]))
"#;

/// The emails of a folder as Python reads them, by address.
fn parsed(folder: &Path) -> Vec<Value> {
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .collect();
    let run = Command::new("python3")
        .args(["-c", PARSER])
        .args(files)
        .output()
        .expect("python3 is needed: run scripts/setup.sh tests");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let Value::Array(mut emails) = serde_json::from_slice(&run.stdout).unwrap() else {
        panic!("no list");
    };
    emails.sort_by_key(|email| email["headers"]["to"].to_string());
    emails
}

fn letters(folder: &TempDir) -> Letters {
    let from = "Creditscope <credits@example.com>".parse().unwrap();
    Letters::to_files(from, folder.path()).unwrap()
}

/// What every email is, whoever gets it.
fn is_whole(one: &Value, text: &str, html: &str) {
    assert_eq!(one["headers"]["mime-version"], "1.0");
    assert_eq!(one["headers"]["message-id"], "<msg_1.abc@example.com>");
    assert_eq!(one["headers"]["auto-submitted"], "auto-generated");
    assert_eq!(one["date"], "2026-11-23T14:00:00+00:00");
    assert_eq!(one["type"], "multipart/alternative");
    assert!(one["headers"].get("bcc").is_none(), "{one}");
    let found = &one["parts"];
    let kinds = ["text/plain", "text/html"];
    assert_eq!(found.as_array().unwrap().len(), kinds.len());
    for (index, (kind, said)) in kinds.iter().zip([text, html]).enumerate() {
        assert_eq!(found[index]["type"], *kind);
        assert_eq!(found[index]["charset"], "utf-8");
        assert_eq!(
            found[index]["text"].as_str().unwrap().trim_end(),
            said.trim_end()
        );
        assert_eq!(found[index]["defects"].as_array().unwrap().len(), 0);
    }
    assert_eq!(one["defects"].as_array().unwrap().len(), 0, "{one}");
    assert!(one["longest"].as_u64().unwrap() <= 998, "{one}");
    assert_eq!(one["bare"], 0);
}

#[tokio::test]
async fn an_email_is_whole_for_another_languages_parser() {
    let folder = tempfile::tempdir().unwrap();
    let long = "ä long line ".repeat(200);
    let text = format!("Zoë & Söhne 🎉\n\n{long}\n.\nFrom here on\n");
    let html = format!("<!DOCTYPE html><p>Zoë &amp; Söhne 🎉 {long}</p>\n");
    let subject = "Zoë & Söhne 🎉: credits used passed 75%: 8,750 of 10,000, 87.5%";
    let url = format!(
        "https://credits.example/unsubscribe/1.2.alerts.{}",
        "A-_9".repeat(11)
    );
    let email = Email {
        id: "msg_1.abc".to_owned(),
        to: "ada@example.com".to_owned(),
        sender: Some("Söhne, \"AI\" <x@evil.example>\r\nBcc: eve@example.com".to_owned()),
        subject: subject.to_owned(),
        text: text.clone(),
        html: html.clone(),
        at: NOW.parse().unwrap(),
        unsubscribe: Some(url.clone()),
    };
    let injected = Email {
        to: "ben@example.com".to_owned(),
        sender: None,
        subject: "A\r\nBcc: eve@example.com\r\n\r\nbody".to_owned(),
        unsubscribe: None,
        ..email.clone()
    };
    let mailer = letters(&folder);
    for one in [email.clone(), injected] {
        mailer.send(one).await.unwrap();
    }
    let bad = Email {
        to: "ada@example.com\r\nBcc: eve@example.com".to_owned(),
        ..email
    };
    assert!(mailer.send(bad).await.is_err());
    let read = parsed(folder.path());
    assert_eq!(read.len(), 2);
    for one in &read {
        is_whole(one, &text, &html);
    }
    let [ada, ben] = read.as_slice() else {
        panic!("{read:?}");
    };
    assert_eq!(ada["headers"]["subject"], subject);
    assert_eq!(ada["header_defects"].as_array().unwrap().len(), 0, "{ada}");
    assert_eq!(ada["headers"]["list-unsubscribe"], format!("<{url}>"));
    let one_click = "List-Unsubscribe=One-Click";
    assert_eq!(ada["headers"]["list-unsubscribe-post"], one_click);
    assert_eq!(ben["sender"], "Creditscope");
    // What recurs says how it ends; what does not says nothing of it.
    assert!(ben["headers"].get("list-unsubscribe").is_none());
    assert_eq!(
        ben["count"].as_u64().unwrap() + 2,
        ada["count"].as_u64().unwrap()
    );
}

/// The same server, writing emails to a folder.
pub fn writing(server: &mut TestServer, folder: &TempDir, url: Option<&str>) {
    let mut services = server.services.clone().with_mail(Arc::new(letters(folder)));
    if let Some(url) = url {
        services = services.with_pages(Pages {
            alerts: format!("{url}{}", app::ALERTS_PATH),
            keys: format!("{url}{}", app::KEYS_PATH),
            review: format!("{url}{}", app::REVIEW_PATH),
            unsubscribe: format!("{url}{}", app::UNSUBSCRIBE_PATH),
        });
    }
    server.services = services.clone();
    server.state.services = services;
    server.router = server::router(&server.state);
}

async fn alert(server: &TestServer, id: &str, credits: &str) {
    server.spend(id, credits).await;
    server.services.watch_all().await.unwrap();
    while server.services.send_due().await.unwrap() > 0 {}
}

#[tokio::test]
async fn an_email_of_an_alert_unsubscribes_its_reader_by_one_click() {
    let mut server = with_people().await;
    let folder = tempfile::tempdir().unwrap();
    writing(&mut server, &folder, Some("https://credits.example"));
    let body = serde_json::json!({
        "name": "Zoë & Söhne 🎉", "kind": "agency", "time_zone": "Europe/Berlin",
        "cycle_anchor": "2026-11-01T00:00:00+01:00", "plan": "growth", "policy": "hard_stop",
    });
    let put = server.put("/api/v1/accounts/northwind", &body).await;
    assert!(put.status.is_success(), "{}", put.text());
    alert(&server, "e1", "800").await;
    let read = parsed(folder.path());
    assert_eq!(read.len(), 1, "{read:?}");
    let said = "Credits used passed 75%: 800 of 1,000, 80%";
    assert_eq!(
        read[0]["headers"]["subject"],
        format!("Zoë & Söhne 🎉: {said}")
    );
    let text = read[0]["parts"][0]["text"].as_str().unwrap();
    assert!(text.starts_with(&format!("{said}.\n")), "{text}");
    let html = read[0]["parts"][1]["text"].as_str().unwrap();
    assert!(html.contains("Account: Zoë &amp; Söhne 🎉"), "{html}");
    let link = read[0]["headers"]["list-unsubscribe"].as_str().unwrap();
    let link = link.trim_matches(['<', '>']).to_owned();
    assert!(text.contains(&link) && html.contains(&link));
    let path = link.strip_prefix("https://credits.example").unwrap();
    // Looking at it asks, for nobody in particular.
    let page = server.get(path, "").await.ok(200).text();
    assert!(page.contains("Unsubscribe from Alert emails?"), "{page}");
    assert!(
        server
            .get(path, "")
            .await
            .ok(200)
            .text()
            .contains("receives")
    );
    // A mail program of no browser sends this, without a cookie.
    let click = request(Method::POST, path, "")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("List-Unsubscribe=One-Click"))
        .unwrap();
    let page = server.send(click).await.ok(200).text();
    assert!(page.contains("You are unsubscribed"), "{page}");
    alert(&server, "e2", "150").await;
    assert_eq!(parsed(folder.path()).len(), 1);
    server.get(&format!("{path}x"), "").await.ok(404);
    let refused = form(&format!("{path}x")).body(Body::empty()).unwrap();
    server.send(refused).await.ok(404);
    // The reader's own page takes it back.
    let owner = signed_in(&server, "owner@northwind.example").await;
    let page = get(&server, &owner, app::ALERTS_PATH).await.ok(200).text();
    assert!(page.contains("Alert emails: Off"), "{page}");
    let fields = [
        ("account", "northwind"),
        ("kind", "alerts"),
        ("subscribed", "on"),
    ];
    post(&server, &owner, "/billing/alerts/emails", &fields)
        .await
        .ok(303);
    let page = get(&server, &owner, app::ALERTS_PATH).await.ok(200).text();
    assert!(page.contains("Alert emails: On"), "{page}");
    alert(&server, "e3", "50").await;
    assert_eq!(parsed(folder.path()).len(), 2);
}

#[tokio::test]
async fn an_email_leads_nowhere_where_nobody_said_how_browsers_reach_the_server() {
    let mut server = with_people().await;
    let folder = tempfile::tempdir().unwrap();
    writing(&mut server, &folder, None);
    alert(&server, "e1", "800").await;
    let read = parsed(folder.path());
    assert!(read[0]["headers"].get("list-unsubscribe").is_none());
    assert!(
        !read[0]["parts"][0]["text"]
            .as_str()
            .unwrap()
            .contains("http")
    );
}
