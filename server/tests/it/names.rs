//! More sources and activities than an account may have: nothing is refused, every event keeps its names, and whatever adds
//! up counts the new ones under Other, everywhere the same.

use axum::http::Method;
use domain::Credits;
use serde_json::{Value, json};
use service::{Caller, ports::NameSort};

use crate::{
    pages::{PASSWORD, add_people, cookie, get_with, sign_in},
    support::{TestServer, event},
};

const SOURCES: u32 = 4;
const ACTIVITIES: u32 = 5;
const OTHER: &str = "creditscope:other";
const ALL_TIME: &str = "from=2026-11-01&to=2026-12-01";

/// Three events of each of thirty activities from as many sources; an event of activity n costs n credits.
async fn flooded() -> TestServer {
    let server = TestServer::with_few_names(SOURCES, ACTIVITIES).await;
    for round in 0..3 {
        let batch: Vec<_> = (1..=30).map(|number| named(number, round)).collect();
        server.post_events(&json!(batch)).await.ok(204);
    }
    server
}

fn named(number: u32, round: u32) -> Value {
    let mut event = event(&format!("e-{round}-{number}"));
    event["source"] = json!(format!("gateway-{number}"));
    event["time"] = json!(format!("2026-11-2{round}T10:0{round}:01Z"));
    event["data"]["activity"] = json!(format!("act_{number}"));
    event["data"]["credits"] = json!(number.to_string());
    event
}

async fn get(server: &TestServer, path: &str) -> Value {
    server.get(path, &server.read).await.ok(200).json()
}

/// Credits and events of a filter as every reader of figures and rows has them.
async fn everywhere(server: &TestServer, filter: &str) -> Vec<(Credits, u64)> {
    let view = format!("{ALL_TIME}{filter}");
    let amount = |value: &Value| -> Credits { value.as_str().unwrap().parse().unwrap() };
    let sum = |pairs: Vec<(Credits, u64)>| {
        pairs
            .into_iter()
            .fold((Credits::ZERO, 0), |sum, (credits, events)| {
                (sum.0.saturating_add(credits), sum.1 + events)
            })
    };
    let summary = get(server, &format!("/api/v1/usage/summary?{view}")).await;
    let mut answers = vec![(
        amount(&summary["credits"]),
        summary["events"].as_u64().unwrap(),
    )];
    for (window, group_by) in [("day", "activity"), ("hour", "agent"), ("day", "company")] {
        let path = format!("/api/v1/usage/series?{view}&window={window}&group_by={group_by}");
        let series = get(server, &path).await;
        let groups = series["groups"].as_array().unwrap().clone();
        let points = groups
            .iter()
            .flat_map(|group| group["points"].as_array().unwrap().clone());
        answers.push(sum(points
            .map(|point| (amount(&point["credits"]), point["events"].as_u64().unwrap()))
            .collect()));
    }
    let log = get(server, &format!("/api/v1/events?{view}&limit=1000")).await;
    let rows = log["items"].as_array().unwrap().clone();
    answers.push(sum(rows
        .iter()
        .map(|row| (amount(&row["credits"]), 1))
        .collect()));
    let path = format!("/api/v1/events?{view}&format=ndjson");
    let lines = server.get(&path, &server.read).await.ok(200).text();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    answers.push(sum(lines.map(|row| (amount(&row["credits"]), 1)).collect()));
    answers
}

fn whole(credits: u32, events: u64) -> (Credits, u64) {
    (Credits::from_whole(credits.into()).unwrap(), events)
}

#[tokio::test]
async fn names_past_the_limit_are_counted_under_other_everywhere_alike() {
    let server = flooded().await;
    let all: u32 = (1..=30).sum::<u32>() * 3;
    let listed: u32 = (1..=ACTIVITIES).sum::<u32>() * 3;
    let others = u64::from(30 - ACTIVITIES) * 3;
    for (filter, expected) in [
        (String::new(), whole(all, 90)),
        ("&activity=act_3".to_owned(), whole(9, 3)),
        (format!("&activity={OTHER}"), whole(all - listed, others)),
        (
            format!("&activity={OTHER}&activity=act_3"),
            whole(all - listed + 9, others + 3),
        ),
        (
            format!("&activity={OTHER}&agent=chat&company=acme-dental"),
            whole(all - listed, others),
        ),
        (
            format!("&activity={OTHER}&q=conv_e-1-"),
            whole((all - listed) / 3, others / 3),
        ),
        ("&activity=never_used".to_owned(), whole(0, 0)),
    ] {
        for answer in everywhere(&server, &filter).await {
            assert_eq!(answer, expected, "{filter}");
        }
    }
    let series = get(
        &server,
        &format!("/api/v1/usage/series?{ALL_TIME}&group_by=activity"),
    )
    .await;
    let mut keys: Vec<_> = series["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["key"].as_str().unwrap().to_owned())
        .collect();
    keys.sort();
    assert_eq!(keys, ["act_1", "act_2", "act_3", "act_4", "act_5", OTHER]);
    let report = server
        .services
        .doctor(&Caller::operator("test"))
        .await
        .unwrap();
    assert_eq!(report.differences, Vec::<String>::new());
}

#[tokio::test]
async fn an_event_keeps_the_names_that_it_came_with() {
    let server = flooded().await;
    let event = get(&server, "/api/v1/events/gateway-30/e-0-30").await;
    assert_eq!(event["source"], "gateway-30");
    assert_eq!(event["activity"], "act_30");
    let again = server
        .post_events(&json!([named(30, 0), named(2, 1)]))
        .await
        .ok(204);
    assert_eq!(again.header("events-duplicate"), "2");
    let mut other = named(30, 0);
    other["data"]["credits"] = json!("31");
    server.post_events(&other).await.problem(422);
    let path = "/api/v1/events/gateway-30/e-0-30/reversal";
    let reversal = json!({ "reason": "wrong", "credits": "10" });
    server
        .post(&format!("{path}?account=northwind"), &reversal)
        .await
        .ok(201);
    let all_others: u32 = (ACTIVITIES + 1..=30).sum::<u32>() * 3;
    let summary = format!("/api/v1/usage/summary?{ALL_TIME}&activity={OTHER}");
    let summary = get(&server, &summary).await;
    assert_eq!(summary["credits"], (all_others - 10).to_string());
    // What is known goes on by itself.
    let mut later = named(4, 2);
    later["id"] = json!("later");
    server.post_events(&later).await.ok(204);
    let path = format!("/api/v1/usage/summary?{ALL_TIME}&activity=act_4");
    assert_eq!(get(&server, &path).await["credits"], "16");
    let report = server
        .services
        .doctor(&Caller::operator("test"))
        .await
        .unwrap();
    assert_eq!(report.differences, Vec::<String>::new());
}

#[tokio::test]
async fn a_filter_by_a_name_that_is_not_listed_says_where_it_is_counted() {
    let server = flooded().await;
    for path in [
        "usage/summary",
        "usage/series",
        "events",
        "events?format=csv",
    ] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("/api/v1/{path}{separator}activity=act_30");
        let refused = server.get(&path, &server.read).await.problem(422);
        let expected = (None, "activity".to_owned(), "not_listed".to_owned());
        assert_eq!(refused.errors(), [expected], "{path}");
        assert!(refused.text().contains(OTHER));
    }
}

#[tokio::test]
async fn sources_past_the_limit_are_one_line_and_operators_are_told_once() {
    let server = flooded().await;
    let sources = get(&server, "/api/v1/sources?limit=1000").await;
    let sources = sources["items"].as_array().unwrap().clone();
    assert_eq!(sources.len(), SOURCES as usize + 1);
    let events: u64 = sources
        .iter()
        .map(|source| source["events"].as_u64().unwrap())
        .sum();
    assert_eq!(events, 90);
    let untold = server.store.unlisted().await.unwrap();
    assert_eq!(untold.iter().filter(|one| !one.is_told).count(), 2);
    let told = server.services.tell_unlisted().await.unwrap();
    assert_eq!(told, [(NameSort::Source, 1), (NameSort::Activity, 1)]);
    assert!(
        server
            .store
            .unlisted()
            .await
            .unwrap()
            .iter()
            .all(|one| one.is_told)
    );
    // Another process finds the same list full.
    let beside = server.beside().await;
    assert_eq!(beside.store.unlisted().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_page_offers_some_names_and_finds_the_others() {
    let server = TestServer::start().await;
    add_people(&server).await;
    let signed_in = sign_in(&server, "owner@northwind.example", PASSWORD, "/").await;
    let cookie = cookie(&signed_in);
    let before = get_with(&server, "/billing/usage", &cookie)
        .await
        .ok(200)
        .body
        .len();
    let batch: Vec<_> = (1..=1_500)
        .map(|number| {
            let mut event = named(number, 1);
            event["data"]["credits"] = json!("0.01");
            event
        })
        .collect();
    server
        .json(
            Method::POST,
            "/api/v1/events",
            &server.ingest,
            &json!(batch),
        )
        .await
        .ok(204);
    let page = get_with(&server, "/billing/usage", &cookie)
        .await
        .ok(200)
        .text();
    assert!(page.contains("Other activity"));
    assert!(
        page.len() < before + 400_000,
        "{before} grew to {}",
        page.len()
    );
    let chosen = get_with(&server, "/billing/usage?activity=act_1444", &cookie)
        .await
        .ok(200);
    assert!(chosen.text().contains("Act 1444"));
}
