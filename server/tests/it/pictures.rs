//! Charts as files: what is on them, and for whom.

use serde_json::json;

use crate::{
    joining::{get, signed_in},
    pages::with_people,
    support::{event, event_with},
};

#[tokio::test]
async fn the_sheet_of_the_usage_page_has_its_figures_for_those_who_may_see_them() {
    let server = with_people().await;
    server.post_events(&event("a")).await.ok(204);
    let other = event_with("b", "/subject", json!("bluewater-spa"));
    server.post_events(&other).await.ok(204);
    let sheet = async |cookie: &str, query: &str| {
        let path = format!("/billing/usage/chart.svg?{query}");
        let reply = get(&server, cookie, &path).await.ok(200);
        assert_eq!(reply.header("content-type"), "image/svg+xml");
        let named = "attachment; filename=\"usage.svg\"";
        assert_eq!(reply.header("content-disposition"), named);
        reply.text()
    };
    let owner = signed_in(&server, "owner@northwind.example").await;
    let all = sheet(&owner, "").await;
    for words in [
        "northwind: AI credits used",
        "As of 23 November 2026, ",
        ">3</text>",
        "of 1,000 credits",
        "By agent, this cycle: 3 credits",
        "3 credits · 2 events",
    ] {
        assert!(all.contains(words), "{words} in {all}");
    }
    let narrowed = sheet(&owner, "company=bluewater-spa").await;
    assert!(narrowed.contains(">1.5</text>"), "{narrowed}");
    let calls = sheet(&owner, "activity=voice_call").await;
    assert!(
        calls.contains("By agent, this cycle, only Voice call: 0 credits"),
        "{calls}"
    );
    let client = signed_in(&server, "client@acme.example").await;
    let theirs = sheet(&client, "").await;
    assert!(theirs.contains("1.5 credits · 1 event<"), "{theirs}");
    assert!(!theirs.contains("of 1,000 credits"), "{theirs}");
    get(&server, &owner, "/billing/usage/chart.svg?agent=parrot")
        .await
        .ok(422);
}

#[tokio::test]
async fn every_chart_is_painted() {
    let server = with_people().await;
    server.post_events(&event("a")).await.ok(204);
    let owner = signed_in(&server, "owner@northwind.example").await;
    for page in ["usage", "trends", "value"] {
        let path = format!("/billing/{page}/chart.png?period=7d");
        let reply = get(&server, &owner, &path).await.ok(200);
        assert_eq!(reply.header("content-type"), "image/png", "{page}");
        let named = format!("attachment; filename=\"{page}.png\"");
        assert_eq!(reply.header("content-disposition"), named);
        assert!(reply.body.starts_with(b"\x89PNG\r\n\x1a\n"), "{page}");
    }
    get(&server, &owner, "/platform/trends/chart.png")
        .await
        .ok(404);
}
