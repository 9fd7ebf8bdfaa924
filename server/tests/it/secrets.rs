//! What is secret is nowhere: not in the database, not in the log, not in an answer but the one that shows it.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

use crate::{
    joining::{GOOD, post, post_on, signed_in},
    pages::{PASSWORD, sign_in, with_people},
};

/// Keeps everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "every secret once, one after the other"
)]
async fn secrets_are_stored_as_hashes_and_never_logged() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    // Pages have threads of their own, which log as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    sign_in(&server, "owner@northwind.example", "wrong-canary", "/")
        .await
        .ok(422);
    let session = owner.split('=').nth(1).unwrap().to_owned();
    let invite = [
        ("account", "northwind"),
        ("email", "ada@example.com"),
        ("role", "analyst"),
    ];
    let page = post_on(&server, &owner, "/settings/members/invite", &invite)
        .await
        .ok(200)
        .text();
    let invitation = between(&page, "/invitations/", '"');
    let made = [("account", "northwind"), ("name", "k"), ("scope_read", "1")];
    let page = post_on(&server, &owner, "/settings/keys/make", &made)
        .await
        .ok(200)
        .text();
    let key = between(&page, "value=\"cs_", '"');
    let key = key.split('_').nth(1).unwrap().to_owned();
    let ask = json!({ "user": "ada", "role": "analyst", "expires_in_s": 600 });
    let portal = server
        .post("/api/v1/accounts/northwind/portal-sessions", &ask)
        .await
        .ok(201);
    let portal = portal.json()["url"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let link = format!("/portal/{portal}");
    server.get(&link, "").await.ok(200);
    let cookie = post(&server, "", &link, &[]).await.ok(303);
    let cookie = between(cookie.header("set-cookie"), "portal=", ';');
    let change = [("old_password", PASSWORD), ("password", GOOD)];
    post(&server, &owner, "/settings/you/password", &change)
        .await
        .ok(303);
    server.get("/api/v1/balance", &server.platform).await;
    server.services.close().await;
    let platform = server.platform.rsplit('_').next().unwrap().to_owned();
    let secrets = [
        PASSWORD.to_owned(),
        GOOD.to_owned(),
        "wrong-canary".to_owned(),
        session,
        invitation,
        key,
        portal,
        cookie,
        platform,
    ];
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(
        logged.contains("db.sessions.save"),
        "the log is not looked at"
    );
    let stored = server.stored_bytes();
    assert!(stored.windows(9).any(|bytes| bytes == b"northwind"));
    for secret in secrets {
        assert!(secret.len() >= 12, "{secret}");
        assert!(!logged.contains(&secret), "{secret} is logged");
        let is_stored = stored
            .windows(secret.len())
            .any(|bytes| bytes == secret.as_bytes());
        assert!(!is_stored, "{secret} is stored");
    }
}

fn between(text: &str, before: &str, end: char) -> String {
    let rest = text
        .split(before)
        .nth(1)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split(end).next().unwrap().to_owned()
}
