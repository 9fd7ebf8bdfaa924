//! Keys and endpoints that will end: on the pages of those who run them, and in their emails.

use domain::tenancy::PlatformRole;
use serde_json::{Value, json};
use service::{Caller, keys::KeyAsk, ports::KeyScope, users::PutUser};
use tempfile::TempDir;

use crate::{
    emails::writing,
    joining::{get, signed_in},
    pages::{PASSWORD, with_people},
    support::TestServer,
    webhooks::receiver,
};

const KEYS: &str = "/api/v1/accounts/northwind/api-keys";
const DAY_US: i64 = 86_400_000_000;

/// What the emails in a folder say of themselves: to whom, and their subjects.
fn letters(folder: &TempDir) -> Vec<String> {
    let files = std::fs::read_dir(folder.path()).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let mut lines: Vec<_> = texts
        .map(|text| {
            text.lines()
                .find(|line| line.starts_with("To:"))
                .unwrap()
                .to_owned()
        })
        .collect();
    lines.sort_unstable();
    lines
}

async fn tell(server: &TestServer) {
    server.services.tell_endings().await.unwrap();
    while server.services.send_due().await.unwrap() > 0 {}
}

#[tokio::test]
async fn a_key_that_expires_is_told_by_email_and_on_the_pages_of_owners() {
    let mut server = with_people().await;
    let folder = tempfile::tempdir().unwrap();
    writing(&mut server, &folder, Some("https://credits.example"));
    let ask = json!({ "scopes": ["read"], "name": "reports", "expires_in_s": 30 * 86_400 });
    server.post(KEYS, &ask).await.ok(201);
    let owner = signed_in(&server, "owner@northwind.example").await;
    let pages = ["/settings/keys", "/billing/alerts"];
    for page in pages {
        let text = get(&server, &owner, &format!("{page}?account=northwind"))
            .await
            .ok(200)
            .text();
        assert!(!text.contains("keys-ending"), "{page}");
    }
    tell(&server).await;
    assert_eq!(letters(&folder), [""; 0]);
    server.clock.advance(17 * DAY_US);
    // A session does not live so long.
    let owner = signed_in(&server, "owner@northwind.example").await;
    for page in pages {
        let text = get(&server, &owner, &format!("{page}?account=northwind"))
            .await
            .ok(200)
            .text();
        assert!(
            text.contains("keys-ending") && text.contains("An API key ends."),
            "{page}"
        );
        assert!(text.contains("“reports” expires"), "{page}");
    }
    let client = signed_in(&server, "client@acme.example").await;
    let text = get(&server, &client, "/billing/usage?account=northwind")
        .await
        .text();
    assert!(!text.contains("reports"));
    for _ in 0..3 {
        tell(&server).await;
        // Another process on the same database tells nothing again.
        let beside = server.beside().await;
        assert_eq!(beside.services.tell_endings().await.unwrap(), 0);
    }
    assert_eq!(letters(&folder), ["To: owner@northwind.example"]);
}

#[tokio::test]
async fn a_platform_key_that_expires_is_told_to_operators() {
    let mut server = with_people().await;
    let folder = tempfile::tempdir().unwrap();
    writing(&mut server, &folder, None);
    let user = PutUser {
        email: "olga@platform.example".to_owned(),
        name: "Olga".to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: Some(PlatformRole::Operator),
        memberships: vec![],
    };
    let caller = Caller::operator("test");
    server.services.put_user(&caller, user).await.unwrap();
    let ask = KeyAsk {
        scopes: vec![KeyScope::Platform],
        name: "billing".to_owned(),
        expires_in_s: Some(2 * 86_400),
    };
    server.services.make_key(&caller, None, ask).await.unwrap();
    tell(&server).await;
    assert_eq!(letters(&folder), ["To: olga@platform.example"]);
    let operator = signed_in(&server, "olga@platform.example").await;
    let text = get(&server, &operator, "/platform/trends")
        .await
        .ok(200)
        .text();
    assert!(text.contains("“billing” expires"), "{text}");
}

#[tokio::test]
async fn an_endpoint_that_was_disabled_is_told_by_email_and_on_the_page() {
    let mut server = with_people().await;
    let folder = tempfile::tempdir().unwrap();
    writing(&mut server, &folder, None);
    let (address, _) = receiver().await;
    let webhooks = "/api/v1/accounts/northwind/webhooks";
    let url = json!({ "url": format!("http://{address}/gone") });
    let made: Value = server.post(webhooks, &url).await.ok(201).json();
    let id = made["id"].as_str().unwrap();
    let test = format!("{webhooks}/{id}/test");
    server.post(&test, &json!({})).await.ok(202);
    tell(&server).await;
    assert_eq!(letters(&folder), ["To: owner@northwind.example"]);
    let owner = signed_in(&server, "owner@northwind.example").await;
    let page = get(&server, &owner, "/billing/alerts?account=northwind")
        .await
        .ok(200)
        .text();
    assert!(page.contains("An endpoint accepts no events."), "{page}");
    let audit = get(&server, &owner, "/settings/audit?account=northwind")
        .await
        .ok(200)
        .text();
    assert!(audit.contains("webhook.disabled"), "{audit}");
}
