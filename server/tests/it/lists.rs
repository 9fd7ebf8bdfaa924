//! Every list pages: each is filled and read page by page, and must come to the same as when it is read at once.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use service::{Caller, Permission};

use crate::support::{TestServer, event, event_with};

/// Things of every list: more than two pages of [`PAGE`] hold.
const THINGS: usize = 7;
/// Items of a page.
const PAGE: usize = 3;

const ACCOUNT: &str = "/api/v1/accounts/northwind";

/// Operations whose answer is one document: its arrays are parts of it, bounded by what they are parts of.
const DOCUMENTS: [&str; 6] = [
    "get_advice",
    "get_balance",
    "get_leads_summary",
    "get_platform_trends",
    "get_spikes",
    "get_usage_series",
];
/// The same; its array has an item for each of the six agents.
const SUMMARY: &str = "get_usage_summary";

/// A list of the API: its operation, its path and the name of its items.
struct List {
    operation: String,
    path: String,
    items: String,
}

/// Everything of the description that answers a list.
async fn lists(server: &TestServer) -> Vec<List> {
    let api = server.get("/api/v1/openapi.json", "").await.ok(200).json();
    let mut lists = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let operation = &item["get"];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let Some(name) = schema["$ref"].as_str() else {
            continue;
        };
        let name = name.rsplit('/').next().unwrap();
        let fields = &api["components"]["schemas"][name]["properties"];
        let Some(fields) = fields.as_object() else {
            continue;
        };
        let arrays: Vec<_> = fields
            .iter()
            .filter(|(_, field)| field["type"] == "array")
            .map(|(name, _)| name.clone())
            .collect();
        let id = operation["operationId"].as_str().unwrap().to_owned();
        let is_document = DOCUMENTS.contains(&&*id) || id == SUMMARY;
        if arrays.is_empty() || is_document {
            continue;
        }
        assert_eq!(arrays.len(), 1, "{id} answers {arrays:?}: is it a list?");
        assert!(fields.contains_key("next_cursor"), "{id} does not page");
        let parameters = operation["parameters"].as_array().unwrap();
        for needed in ["limit", "cursor"] {
            let takes = |one: &Value| one["name"] == needed && one["in"] == "query";
            assert!(parameters.iter().any(takes), "{id} takes no {needed}");
        }
        lists.push(List {
            operation: id,
            path: path.clone(),
            items: arrays[0].clone(),
        });
    }
    lists
}

/// Fills every list; the id of the webhook that has deliveries.
async fn fill(server: &TestServer) -> String {
    for number in 0..THINGS {
        fill_directory(server, number).await;
    }
    let mut hooks = Vec::new();
    for number in 0..THINGS {
        hooks.push(fill_account(server, number).await);
    }
    // What is told of the rules goes to every webhook.
    server.services.watch_news().await;
    hooks.swap_remove(0)
}

async fn fill_directory(server: &TestServer, number: usize) {
    let account = json!({ "name": "Other", "kind": "customer", "time_zone": "UTC", "cycle_anchor": "2026-01-01", "plan": "growth" });
    let pack = json!({ "name": "Pack", "credits": 10 });
    let plan = json!({ "name": "Plan", "monthly_credits": 10 });
    let rule = json!({ "match": {}, "agent": "chat", "activity": "chat_reply", "quantity": "/n", "unit": "token",
        "credits_per_unit": "0.001", "rounding": "exact", "decimals": 6 });
    let card = json!({ "effective_at": format!("2026-01-0{}", number + 1), "rules": [rule] });
    for (path, body) in [
        (format!("/api/v1/accounts/other-{number}"), &account),
        (
            format!("{ACCOUNT}/companies/company-{number}"),
            &json!({ "name": "Company" }),
        ),
        (format!("/api/v1/packs/pack-{number}"), &pack),
        (format!("/api/v1/plans/plan-{number}"), &plan),
        (format!("/api/v1/rate-cards/test.{number}"), &card),
        ("/api/v1/rate-cards/test.versions".to_owned(), &card),
    ] {
        server.put(&path, body).await.ok(201);
    }
}

async fn fill_account(server: &TestServer, number: usize) -> String {
    let id = format!("e{number}");
    let event = event_with(&id, "/source", json!(format!("source-{number}")));
    server.post_events(&event).await.ok(204);
    let rule =
        json!({ "condition": { "kind": "remaining", "credits": "100000000" }, "by_mail": false });
    let path = format!("{ACCOUNT}/alert-rules/rule-{number}");
    server.put(&path, &rule).await.ok(200);
    let url = json!({ "url": format!("http://127.0.0.1:9/{number}") });
    let hook = server.post(&format!("{ACCOUNT}/webhooks"), &url).await;
    for (path, body) in [
        ("packs", json!({ "pack": "pack-0" })),
        ("orders", json!({ "pack": "pack-0" })),
        ("api-keys", json!({ "scopes": ["read"], "name": "key" })),
    ] {
        server
            .post(&format!("{ACCOUNT}/{path}"), &body)
            .await
            .ok(201);
    }
    let caller = Caller::operator("test");
    let scope = server
        .services
        .scope(&caller, Some("northwind"), Permission::Dispute)
        .await
        .unwrap();
    server
        .services
        .open_dispute(
            &scope,
            &format!("source-{number}"),
            &id,
            None,
            "wrong",
            None,
        )
        .await
        .unwrap();
    hook.ok(201).json()["id"].as_str().unwrap().to_owned()
}

/// The path of a list that [`fill`] filled.
fn path_of(list: &List, hook: &str) -> String {
    let path = list
        .path
        .replace("{key}", "northwind")
        .replace("{type}", "test.versions")
        .replace("{id}", hook);
    assert!(!path.contains('{'), "{} is not filled", list.operation);
    let account = if path.starts_with(ACCOUNT) || path.starts_with("/api/v1/accounts") {
        ""
    } else if ["list_events", "get_sources"].contains(&&*list.operation) {
        "&account=northwind"
    } else {
        ""
    };
    format!("{path}?{account}")
}

async fn read(server: &TestServer, list: &List, path: &str) -> (Vec<Value>, Option<String>) {
    let page = server.get(path, &server.platform).await.ok(200).json();
    let items = page[&list.items].as_array().unwrap().clone();
    (items, page["next_cursor"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn every_list_read_page_by_page_comes_to_the_same_as_at_once() {
    let server = TestServer::start().await;
    let hook = fill(&server).await;
    let lists = lists(&server).await;
    assert!(
        lists.len() >= 17,
        "only {} lists are described",
        lists.len()
    );
    for list in &lists {
        let path = path_of(list, &hook);
        let (whole, end) = read(&server, list, &format!("{path}&limit=1000")).await;
        let name = &list.operation;
        assert!(
            whole.len() >= THINGS,
            "{name} is not filled: {}",
            whole.len()
        );
        assert_eq!(end, None, "{name}");
        let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = format!("{path}&limit={PAGE}&cursor={cursor}");
            let (items, next) = read(&server, list, &page).await;
            assert!((1..=PAGE).contains(&items.len()), "{name}");
            found.extend(items);
            pages += 1;
            let Some(next) = next else { break };
            cursor = next;
        }
        assert!(pages > 2, "{name}");
        assert_eq!(found, whole, "{name}");
        // A page that ends where the list does is the last one.
        let exact = format!("{path}&limit={}", whole.len());
        assert_eq!(read(&server, list, &exact).await, (whole, None), "{name}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_or_a_damaged_one_is_refused() {
    let server = TestServer::start().await;
    let hook = fill(&server).await;
    let lists = lists(&server).await;
    let mut cursors: BTreeSet<String> = BTreeSet::new();
    let refused = async |path: &str, cursor: &str| {
        let reply = server
            .get(&format!("{path}&cursor={cursor}"), &server.platform)
            .await
            .problem(422);
        let fields: Vec<_> = reply.errors().into_iter().map(|error| error.1).collect();
        assert_eq!(fields, ["cursor"], "{path} {cursor}");
    };
    for list in &lists {
        let path = path_of(list, &hook);
        let (_, next) = read(&server, list, &format!("{path}&limit=2")).await;
        let next = next.unwrap();
        for damaged in [
            "x",
            "00",
            &next[1..],
            &format!("{next}00"),
            &next.replace('a', "b"),
        ] {
            if damaged != next {
                refused(&path, damaged).await;
            }
        }
        for foreign in &cursors {
            refused(&path, foreign).await;
        }
        assert!(cursors.insert(next), "{}", list.operation);
    }
    // The same list of another account.
    let (_, next) = read(&server, &lists[0], "/api/v1/accounts?limit=2").await;
    assert!(cursors.contains(&next.unwrap()));
    let path = format!("{ACCOUNT}/companies?limit=1");
    let page = server.get(&path, &server.platform).await.ok(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    refused("/api/v1/accounts/brightside/companies?limit=1", cursor).await;
}

#[tokio::test]
async fn what_comes_in_between_moves_no_page() {
    let server = TestServer::start().await;
    let hook = fill(&server).await;
    let mut began = Vec::new();
    for list in lists(&server).await {
        let path = path_of(&list, &hook);
        let (whole, _) = read(&server, &list, &format!("{path}&limit=1000")).await;
        let (first, next) = read(&server, &list, &format!("{path}&limit={PAGE}")).await;
        began.push((list, path, whole, first, next.unwrap()));
    }
    server.clock.advance(1_000_000);
    // What is sorted by name has a name before all others: what comes later in a list may well be read.
    let newer = event_with("newer", "/source", json!("a-source"));
    server.post_events(&newer).await.ok(204);
    let first = json!({ "name": "First" });
    server
        .put(&format!("{ACCOUNT}/companies/a"), &first)
        .await
        .ok(201);
    for path in ["packs", "orders"] {
        let body = json!({ "pack": "pack-0" });
        server
            .post(&format!("{ACCOUNT}/{path}"), &body)
            .await
            .ok(201);
    }
    server.services.watch_news().await;
    for (list, path, whole, mut found, cursor) in began {
        let page = format!("{path}&limit=1000&cursor={cursor}");
        found.extend(read(&server, &list, &page).await.0);
        assert_eq!(keys(&found), keys(&whole), "{}", list.operation);
    }
}

/// What tells items apart, whatever changes of them.
fn keys(items: &[Value]) -> Vec<Value> {
    let names = [
        "id", "number", "key", "message", "prefix", "version", "source",
    ];
    let key = |item: &Value| names.iter().map(|name| item[name].clone()).collect();
    items.iter().map(key).collect()
}

#[tokio::test]
async fn disputes_are_listed_by_state() {
    let server = TestServer::start().await;
    fill(&server).await;
    let path = format!("{ACCOUNT}/disputes?state=open");
    let open = server.get(&path, &server.platform).await.ok(200).json();
    assert_eq!(open["items"].as_array().unwrap().len(), THINGS);
    let path = format!("{ACCOUNT}/disputes?state=accepted&state=refused");
    let decided = server.get(&path, &server.platform).await.ok(200).json();
    assert_eq!(decided["items"], json!([]));
    let path = format!("{ACCOUNT}/disputes?state=closed");
    server.get(&path, &server.platform).await.problem(422);
}

#[tokio::test]
async fn the_fullest_page_of_events_knows_whether_it_is_the_last() {
    let server = TestServer::start().await;
    let events: Vec<_> = (0..1_000)
        .map(|number| event(&number.to_string()))
        .collect();
    server.post_events(&json!(events)).await.ok(204);
    let read = async || {
        let path = "/api/v1/events?limit=1000";
        server.get(path, &server.read).await.ok(200).json()["next_cursor"].clone()
    };
    assert_eq!(read().await, Value::Null);
    let one = event("one-more");
    server
        .json(Method::POST, "/api/v1/events", &server.ingest, &one)
        .await
        .ok(204);
    assert!(read().await.is_string());
}
