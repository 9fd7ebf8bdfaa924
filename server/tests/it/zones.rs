//! Dates that people read are those of their account's zone.

use axum::http::Method;
use domain::Time;
use serde_json::json;
use service::{
    Caller,
    users::{Joining, PutUser},
};

use crate::{
    emails::writing,
    joining::{get, post_on, signed_in},
    pages::PASSWORD,
    support::{NOW, TestServer},
};

/// One instant that is the 3rd in Niue, the 4th in UTC and the 5th on Kiritimati.
const THEN: &str = "2026-12-04T10:31:00Z";

/// Zones, and how they write that instant and its day.
const ZONES: [(&str, &str, &str); 2] = [
    ("Pacific/Niue", "3 Dec 2026, 23:31", "3 Dec 2026"),
    ("Pacific/Kiritimati", "5 Dec 2026, 00:31", "5 Dec 2026"),
];

/// Pages whose every time is that of something that happened just now.
const PAGES: [&str; 6] = [
    "/settings/members",
    "/settings/keys",
    "/settings/you",
    "/settings/audit",
    "/billing/alerts",
    "/billing/plans",
];

/// A server at that instant with an account in a zone, its owner, what they did, and an alert.
async fn server_in(zone: &str) -> TestServer {
    let server = TestServer::start().await;
    let (now, then): (Time, Time) = (NOW.parse().unwrap(), THEN.parse().unwrap());
    server.clock.advance(then.micros() - now.micros());
    let account = json!({
        "name": "Atoll", "kind": "customer", "time_zone": zone, "cycle_anchor": "2026-01-01", "plan": "growth",
    });
    server.put("/api/v1/accounts/atoll", &account).await.ok(201);
    server
        .put(
            "/api/v1/accounts/atoll/companies/reef",
            &json!({ "name": "Reef" }),
        )
        .await
        .ok(201);
    let owner = PutUser {
        email: "owner@atoll.example".to_owned(),
        name: "Owner".to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: None,
        memberships: vec![Joining {
            account: "atoll".to_owned(),
            role: domain::tenancy::Role::Owner,
            companies: vec![],
        }],
    };
    server
        .services
        .put_user(&Caller::operator("test"), owner)
        .await
        .unwrap();
    let event = json!([{
        "specversion": "1.0", "id": "one", "source": "test", "type": "creditscope.usage", "subject": "reef",
        "time": THEN, "data": { "agent": "chat", "activity": "chat_reply", "credits": "800" },
    }]);
    server
        .json(Method::POST, "/api/v1/events", &server.platform, &event)
        .await
        .ok(204);
    server
}

/// The text of a page, without tags and what scripts read.
fn text_of(page: &str) -> String {
    let body = page.split("<body").nth(1).unwrap_or(page);
    let mut text = String::new();
    for (number, part) in body.split("<script").enumerate() {
        let shown = if number == 0 {
            part
        } else {
            part.split_once("</script>").map_or("", |(_, rest)| rest)
        };
        for piece in shown.split('<') {
            text.push_str(piece.split_once('>').map_or("", |(_, words)| words));
            text.push(' ');
        }
    }
    text
}

fn no_utc(text: &str, what: &str) {
    for utc in ["4 Dec", "2026-12-04", "10:31"] {
        assert!(!text.contains(utc), "{what}: {utc} in {text}");
    }
}

#[tokio::test]
async fn pages_and_emails_show_no_date_of_utc() {
    for (zone, minute, day) in ZONES {
        let mut server = server_in(zone).await;
        let folder = tempfile::tempdir().unwrap();
        writing(&mut server, &folder, Some("https://credits.example.com"));
        let cookie = signed_in(&server, "owner@atoll.example").await;
        let made = [
            ("account", "atoll"),
            ("scope_read", "1"),
            ("name", "reader"),
        ];
        let invited = [
            ("account", "atoll"),
            ("email", "new@atoll.example"),
            ("role", "analyst"),
            ("companies", ""),
        ];
        for (path, fields, page) in [
            (
                "/settings/keys/make",
                &made[..],
                "/settings/keys?account=atoll",
            ),
            (
                "/settings/members/invite",
                &invited[..],
                "/settings/members?account=atoll",
            ),
        ] {
            let fields = [fields, &[("next", page)]].concat();
            let told = post_on(&server, &cookie, path, &fields).await.ok(200);
            no_utc(&text_of(&told.text()), path);
        }
        server.services.watch_all().await.unwrap();
        while server.services.send_due().await.unwrap() > 0 {}
        let mut times = 0;
        for path in PAGES {
            let page = get(&server, &cookie, &format!("{path}?account=atoll"))
                .await
                .ok(200)
                .text();
            let text = text_of(&page);
            no_utc(&text, path);
            assert!(text.contains(zone), "{path} names no zone: {text}");
            times += usize::from(text.contains(minute) || text.contains(day));
        }
        assert!(times >= 4, "{times} pages show the time");
        let emails: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        assert!(!emails.is_empty());
        for email in emails {
            let text = std::fs::read_to_string(email).unwrap();
            let (_, body) = text.split_once("\r\n\r\n").unwrap();
            no_utc(body, "email");
        }
    }
}
