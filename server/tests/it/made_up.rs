//! What anybody can make up stays in memory for a while at most: every label and every map of the process is bounded.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use axum::{body::Body, extract::ConnectInfo, http::Method};

use crate::support::{TestServer, event, request};

/// Where metrics are recorded, and why their labels are closed sets.
const METRICS: [(&str, usize, &str); 3] = [
    ("server/src/api/ingest.rs", 3, "outcomes are written out"),
    (
        "server/src/middleware/observe.rs",
        2,
        "methods are counted by name or as other, routes as they are declared, statuses are numbers",
    ),
    (
        "server/src/telemetry.rs",
        6,
        "tasks and sorts of names are written out, the rest has no label",
    ),
];

/// What lives as long as the process and has keys, and what bounds it.
const MAPS: [(&str, &str); 22] = [
    (
        "server/src/api/idempotency.rs",
        "at most MOST_RUNNING requests run",
    ),
    (
        "server/src/listener/bounds.rs",
        "at most `connections` and RESERVED are open",
    ),
    (
        "server/src/listener/line.rs",
        "requests that run on one connection, of HTTP/2 at most STREAMS",
    ),
    (
        "server/src/middleware/at_once.rs",
        "senders of requests that run; of each, `connections_address` at most",
    ),
    (
        "server/src/middleware/bodies.rs",
        "senders of requests that run and have a body",
    ),
    ("server/src/middleware/buckets.rs", "an LRU of MOST_KEYS"),
    (
        "server/src/middleware/guesses.rs",
        "three Buckets; names are hashed",
    ),
    ("server/src/middleware/rates.rs", "three Buckets"),
    (
        "crates/service/src/directory.rs",
        "caches of CAPACITY; keys that were used are keys that exist",
    ),
    ("server/src/web/live/places.rs", "streams that are open"),
    ("server/src/web/live/parts.rs", "pages that are open"),
    (
        "server/src/web/live/parts/rendering.rs",
        "MOST_TOLD for each rendering, and as long as that is shown",
    ),
    (
        "crates/service/src/standing.rs",
        "streams that are open; REMEMBERED sessions that were renamed",
    ),
    ("crates/service/src/live/hub.rs", "accounts that exist"),
    (
        "crates/service/src/live/reading.rs",
        "what those who look at one account show",
    ),
    (
        "crates/service/src/platform/uses.rs",
        "a cache of MOST_ROWS, each entry weighs one at least",
    ),
    (
        "app/src/tab/parts.rs",
        "parts that stand in the page; what does not is dropped as it comes, and all with the page",
    ),
    ("crates/service/src/tasks.rs", "tasks have fixed names"),
    (
        "crates/service/src/tips.rs",
        "a cache of CAPACITY accounts, MOST_VIEWS of each",
    ),
    ("crates/storage/src/names.rs", "begun anew at REMEMBERED"),
    (
        "crates/service/src/request.rs",
        "lives as long as one request",
    ),
    (
        "crates/service/src/ingest/place.rs",
        "lives as long as one request",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All source files of the server, by their path.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let folders = [
        "server/src",
        "crates/service/src",
        "crates/storage/src",
        "crates/domain/src",
        "app/src",
    ];
    let mut folders: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
                found.push((name, text));
            }
        }
    }
    found
}

#[test]
fn every_label_of_a_metric_is_known_to_be_of_a_closed_set() {
    let macros = [
        "metrics::counter!(",
        "metrics::gauge!(",
        "metrics::histogram!(",
    ];
    let mut uses: Vec<_> = sources()
        .into_iter()
        .map(|(name, text)| {
            let uses: usize = macros.iter().map(|used| text.matches(used).count()).sum();
            (name, uses)
        })
        .filter(|(_, uses)| *uses > 0)
        .collect();
    uses.sort();
    let mut known: Vec<_> = METRICS
        .iter()
        .map(|(name, uses, _)| ((*name).to_owned(), *uses))
        .collect();
    known.sort();
    assert_eq!(
        uses, known,
        "say of a new metric why its labels are bounded"
    );
}

/// Whether a file holds a map that lives longer than a call: it is a field, or static.
fn holds_a_map(text: &str) -> bool {
    let maps = [
        "HashMap<",
        "BTreeMap<",
        "HashSet<",
        "BTreeSet<",
        "Cache<",
        "Buckets<",
    ];
    let shared = [
        "Mutex<",
        "RwLock<",
        "Cache<",
        "Buckets<",
        "watch::Sender<",
        "static ",
    ];
    text.lines()
        .filter(|line| {
            !line.trim_start().starts_with("//") && !line.contains("fn ") && !line.contains("->")
        })
        .map(|line| line.replace("'static ", ""))
        .any(|line| {
            maps.iter().any(|map| line.contains(map))
                && shared.iter().any(|shared| line.contains(shared))
        })
}

#[test]
fn every_map_that_outlives_a_request_is_known_to_be_bounded() {
    let known: BTreeSet<_> = MAPS.iter().map(|(name, _)| *name).collect();
    for (name, text) in sources() {
        if holds_a_map(&text) {
            assert!(
                known.contains(name.as_str()),
                "say of the map in {name} what bounds it"
            );
        }
    }
    for name in known {
        assert!(root().join(name).is_file(), "{name} is gone");
    }
}

/// The values of a label in all series.
fn values(text: &str, label: &str) -> BTreeSet<String> {
    let begin = format!("{label}=\"");
    text.split(&begin)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

async fn metrics(server: &TestServer) -> String {
    server
        .get("/metrics", &server.platform)
        .await
        .ok(200)
        .text()
}

/// Asks with everything made up that can be.
async fn make_up(server: &TestServer, number: u32) {
    let peer = SocketAddr::from((
        [
            10,
            1,
            u8::try_from(number / 250).unwrap(),
            u8::try_from(number % 250).unwrap(),
        ],
        4000,
    ));
    let method = Method::from_bytes(format!("MADEUP{number}").as_bytes()).unwrap();
    let sign_in = request(Method::POST, "/sign-in", "")
        .header("host", "localhost")
        .header("content-type", "application/x-www-form-urlencoded");
    let asks = [
        (request(method, "/healthz", ""), String::new()),
        (
            request(Method::GET, &format!("/{number}/made-up"), ""),
            String::new(),
        ),
        (
            request(Method::POST, &format!("/api/fn/made_up_{number}"), ""),
            String::new(),
        ),
        (
            request(
                Method::GET,
                "/api/v1/balance",
                &format!("cs_{number:012}_00"),
            ),
            String::new(),
        ),
        (sign_in, format!("email=made{number}@example.com&next=/")),
    ];
    for (ask, body) in asks {
        let mut ask = ask.body(Body::from(body)).unwrap();
        ask.extensions_mut().insert(ConnectInfo(peer));
        server.send(ask).await;
    }
}

#[tokio::test]
async fn what_is_made_up_makes_no_new_series() {
    let server = TestServer::start().await;
    make_up(&server, 0).await;
    server.post_events(&event("a")).await.ok(204);
    metrics(&server).await;
    let before = metrics(&server).await;
    for number in 1..300 {
        make_up(&server, number).await;
    }
    let after = metrics(&server).await;
    for label in ["method", "route", "outcome", "task"] {
        assert_eq!(
            values(&before, label).len(),
            values(&after, label).len(),
            "{label}"
        );
    }
    assert!(
        !after.contains("MADEUP") && !after.contains("made"),
        "{after}"
    );
    assert!(values(&after, "method").contains("other"));
}
