//! Marked parts of pages, over real sockets: who follows a page is shown what a fresh one says.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use app::{functions::Asked, parts::marked};
use domain::{
    live::{LiveFrame, Part, Parts},
    time::DAY_US,
};
use futures::SinkExt as _;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use service::Caller;

use crate::{
    joining::{get, signed_in},
    listener::listening,
    live_access::{Socket, asking, connect, next, spend},
    pages::with_people,
    support::{TestServer, event_with},
};

/// As long as anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
const OWNER: &str = "owner@northwind.example";
const CLIENT: &str = "client@acme.example";
const TRENDS: &str = "/billing/trends?account=northwind&period=7d";

/// A page as a browser has it.
#[derive(Clone)]
pub struct Page {
    path: String,
    query: String,
    parts: BTreeMap<String, Part>,
    shown: String,
}

impl Page {
    pub async fn read(server: &TestServer, cookie: &str, address: &str) -> Self {
        let html = get(server, cookie, address).await.ok(200).text();
        let (path, query) = address.split_once('?').unwrap();
        Self {
            path: path.to_owned(),
            query: query.to_owned(),
            parts: named(&html),
            shown: shown(&html),
        }
    }

    pub async fn follow(&self, socket: &mut Socket, view: u32) {
        let asked = Asked {
            view,
            path: self.path.clone(),
            query: self.query.clone(),
            from: None,
            shown: Some(self.shown.clone()),
        };
        socket.send(asking(&asked)).await.unwrap();
    }

    pub fn take(&mut self, parts: Parts) {
        self.shown = parts.shown;
        for part in parts.changed {
            let known = self.parts.insert(part.name.clone(), part);
            assert!(known.is_some(), "a part that the page does not have");
        }
    }

    pub fn words(&self, name: &str) -> String {
        let html = &self.parts[name].inner;
        let words: String = html
            .split('<')
            .filter_map(|piece| {
                piece
                    .split_once('>')
                    .map_or(Some(piece), |(_, text)| Some(text))
            })
            .collect();
        words.trim().to_owned()
    }
}

fn named(html: &str) -> BTreeMap<String, Part> {
    let parts = marked(html).into_iter();
    parts.map(|part| (part.name.clone(), part)).collect()
}

/// What the page says that it shows.
fn shown(html: &str) -> String {
    let text = html.split("data-parts=\"").nth(1).unwrap();
    let text = text.split('"').next().unwrap();
    let plain = [
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    plain.iter().fold(text.to_owned(), |text, (coded, plain)| {
        text.replace(coded, plain)
    })
}

/// The next frame that says more than that the connection is alive.
async fn news(socket: &mut Socket) -> LiveFrame {
    let waiting = async {
        loop {
            match next(socket).await.unwrap().unwrap() {
                LiveFrame::Beat | LiveFrame::Hello { .. } => {}
                frame => return frame,
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap()
}

pub async fn parts(socket: &mut Socket) -> Parts {
    match news(socket).await {
        LiveFrame::Parts(parts) => *parts,
        other => panic!("{other:?}"),
    }
}

/// Takes in what is told until the page says what a fresh one does.
async fn until_fresh(server: &TestServer, cookie: &str, socket: &mut Socket, page: &mut Page) {
    let address = format!("{}?{}", page.path, page.query);
    let fresh = Page::read(server, cookie, &address).await;
    let agreeing = async {
        while page.parts != fresh.parts {
            page.take(parts(socket).await);
        }
    };
    if tokio::time::timeout(PATIENCE, agreeing).await.is_err() {
        assert_eq!(page.parts, fresh.parts, "{address}");
    }
}

async fn started() -> (TestServer, SocketAddr, impl Sized) {
    let server = with_people().await;
    let (addr, stop, running) = listening(&server).await;
    (server, addr, (stop, running))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_trends_is_shown_the_total_of_a_fresh_page() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    let mut page = Page::read(&server, &owner, TRENDS).await;
    let mut socket = connect(addr, &owner).await;
    page.follow(&mut socket, 1).await;
    let before = page.words("total");
    spend(&server, "one", "acme-dental").await;
    page.take(parts(&mut socket).await);
    assert_ne!(page.words("total"), before);
    assert!(
        page.words("total").starts_with('1'),
        "{}",
        page.words("total")
    );
    until_fresh(&server, &owner, &mut socket, &mut page).await;
    // What it was told before counts when it follows again after its connection broke.
    spend(&server, "two", "acme-dental").await;
    page.take(parts(&mut socket).await);
    drop(socket);
    spend(&server, "three", "acme-dental").await;
    let mut again = connect(addr, &owner).await;
    page.follow(&mut again, 1).await;
    until_fresh(&server, &owner, &mut again, &mut page).await;
    assert!(
        page.words("total").starts_with('3'),
        "{}",
        page.words("total")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_reading_a_page_and_following_it() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    // Somebody else follows already, so that there is a rendering and a reading.
    let other = Page::read(&server, &owner, TRENDS).await;
    let mut first = connect(addr, &owner).await;
    other.follow(&mut first, 1).await;
    spend(&server, "one", "acme-dental").await;
    parts(&mut first).await;
    let mut page = Page::read(&server, &owner, TRENDS).await;
    spend(&server, "two", "acme-dental").await;
    parts(&mut first).await;
    let mut socket = connect(addr, &owner).await;
    page.follow(&mut socket, 1).await;
    until_fresh(&server, &owner, &mut socket, &mut page).await;
    assert!(
        page.words("total").starts_with('2'),
        "{}",
        page.words("total")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_did_not_change_is_told_nothing() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    spend(&server, "first", "acme-dental").await;
    let members = "/settings/members?account=northwind";
    let mut socket = connect(addr, &owner).await;
    for (view, address) in [(1, members), (2, "/billing/value?account=northwind")] {
        let page = Page::read(&server, &owner, address).await;
        page.follow(&mut socket, view).await;
        let made = server.state.renderings.made();
        spend(&server, &format!("for {view}"), "acme-dental").await;
        let rendered = async {
            while server.state.renderings.made() == made {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, rendered).await.unwrap();
    }
    // What is told of another page comes next.
    let mut page = Page::read(&server, &owner, TRENDS).await;
    page.follow(&mut socket, 3).await;
    spend(&server, "seen", "acme-dental").await;
    let told = parts(&mut socket).await;
    assert!(told.changed.iter().any(|part| part.name == "total"));
    page.take(told);
    until_fresh(&server, &owner, &mut socket, &mut page).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_shown_its_own_companies_and_never_a_part_of_the_agency() {
    let (server, addr, _running) = started().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let of_agency = Page::read(&server, &owner, TRENDS).await;
    let mut agency = connect(addr, &owner).await;
    of_agency.follow(&mut agency, 1).await;
    let mut page = Page::read(&server, &client, TRENDS).await;
    let mut socket = connect(addr, &client).await;
    page.follow(&mut socket, 1).await;
    spend(&server, "theirs", "bluewater-spa").await;
    parts(&mut agency).await;
    spend(&server, "own", "acme-dental").await;
    page.take(parts(&mut socket).await);
    assert!(
        page.words("total").starts_with('1'),
        "{}",
        page.words("total")
    );
    until_fresh(&server, &client, &mut socket, &mut page).await;
    // Nor does it help to say that an agency's page is shown.
    for address in [
        "/companies?account=northwind",
        "/billing/alerts?account=northwind",
    ] {
        let mut forged = Page::read(&server, &owner, address).await;
        forged.shown.clone_from(&of_agency.shown);
        forged.follow(&mut socket, 2).await;
        spend(&server, address, "acme-dental").await;
        assert_eq!(news(&mut socket).await, LiveFrame::Resync);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_rendered_once_for_all_who_look_at_it_and_forgotten_with_the_last() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    let page = Page::read(&server, &owner, TRENDS).await;
    let mut sockets = Vec::new();
    for _ in 0..24 {
        let mut socket = connect(addr, &owner).await;
        page.follow(&mut socket, 1).await;
        // Asked for what it follows, it is told that it is alive.
        assert_eq!(next(&mut socket).await, Some(Ok(LiveFrame::Beat)));
        sockets.push(socket);
    }
    assert_eq!(server.state.renderings.followed(), 1);
    spend(&server, "one", "acme-dental").await;
    let mut told = Vec::new();
    for socket in &mut sockets {
        told.push(parts(socket).await);
    }
    assert!(told.iter().all(|parts| *parts == told[0]));
    assert_eq!(server.state.renderings.made(), 1);
    drop(sockets);
    let forgotten = async {
        while server.state.renderings.followed() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_is_sent_or_acknowledged_is_counted_on_every_page() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    let scope = server
        .services
        .scope(
            &Caller::operator("test"),
            Some("northwind"),
            service::Permission::Read,
        )
        .await
        .unwrap();
    let mut pages = Vec::new();
    for address in [
        "/billing/usage?account=northwind",
        "/billing/value?account=northwind",
        "/settings/members?account=northwind",
        "/settings/you?account=northwind",
    ] {
        let page = Page::read(&server, &owner, address).await;
        assert_eq!(page.words("open-alerts"), "", "{address}");
        let mut socket = connect(addr, &owner).await;
        page.follow(&mut socket, 1).await;
        pages.push((page, socket));
    }
    spend_all(&server).await;
    server.services.watch_news().await;
    for (page, socket) in &mut pages {
        while page.words("open-alerts").is_empty() {
            page.take(parts(socket).await);
        }
        let open = server.services.open_alerts(&scope).await.unwrap().len();
        assert!(page.words("open-alerts").starts_with(&open.to_string()));
        until_fresh(&server, &owner, socket, page).await;
    }
    for alert in server.services.open_alerts(&scope).await.unwrap() {
        let operator = Caller::operator("test");
        let scope = server
            .services
            .scope(&operator, Some("northwind"), service::Permission::Bill)
            .await
            .unwrap();
        server
            .services
            .acknowledge_alert(&scope, alert.number)
            .await
            .unwrap();
    }
    for (page, socket) in &mut pages {
        while !page.words("open-alerts").is_empty() {
            page.take(parts(socket).await);
        }
    }
}

/// Uses nearly all that the account has.
async fn spend_all(server: &TestServer) {
    let event = event_with("much", "/data/credits", json!("950"));
    server.post_events(&event).await.ok(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_parts_are_others_is_read_again() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    let trends = Page::read(&server, &owner, TRENDS).await;
    let mut companies = Page::read(&server, &owner, "/companies?account=northwind").await;
    companies.shown = trends.shown;
    let mut socket = connect(addr, &owner).await;
    companies.follow(&mut socket, 1).await;
    spend(&server, "one", "acme-dental").await;
    assert_eq!(news(&mut socket).await, LiveFrame::Resync);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_yesterday_is_read_again() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    let page = Page::read(&server, &owner, TRENDS).await;
    server.clock.advance(DAY_US);
    let mut socket = connect(addr, &owner).await;
    page.follow(&mut socket, 1).await;
    assert_eq!(news(&mut socket).await, LiveFrame::Resync);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_server_wrote_is_followed_as_a_page_without_parts() {
    let (server, addr, _running) = started().await;
    let owner = signed_in(&server, OWNER).await;
    let mut page = Page::read(&server, &owner, TRENDS).await;
    let mut socket = connect(addr, &owner).await;
    for shown in ["", "x", "ǿǿǿǿǿ", "<script>"] {
        page.shown = shown.to_owned();
        page.follow(&mut socket, 1).await;
        assert_eq!(next(&mut socket).await, Some(Ok(LiveFrame::Beat)));
    }
}

/// Something that happens.
#[derive(Debug, Clone)]
struct Happening {
    company: &'static str,
    agent: &'static str,
    micro: u32,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let company = prop::sample::select(vec!["acme-dental", "bluewater-spa"]);
    let agent = prop::sample::select(vec!["chat", "nox", "voice_web", "auto_trigger"]);
    let one = (company, agent, 1..40_000_000_u32).prop_map(|(company, agent, micro)| Happening {
        company,
        agent,
        micro,
    });
    prop::collection::vec(one, 1..6)
}

/// Whatever happens, who follows a page comes to show what a fresh one does.
#[test]
fn both_sides_agree() {
    let config = ProptestConfig {
        cases: 6,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let strategy = prop::collection::vec(happenings(), 1..3);
    TestRunner::new(config)
        .run(&strategy, |rounds| {
            runtime.block_on(agree(rounds));
            Ok(())
        })
        .unwrap();
}

async fn agree(rounds: Vec<Vec<Happening>>) {
    let (server, addr, _running) = started().await;
    let readers = [
        (OWNER, TRENDS),
        (
            OWNER,
            "/billing/trends?account=northwind&by=company&window=hour&period=7d",
        ),
        (OWNER, "/companies?account=northwind"),
        (OWNER, "/billing/usage?account=northwind"),
        (OWNER, "/billing/alerts?account=northwind"),
        (CLIENT, TRENDS),
    ];
    let mut open = Vec::new();
    for (reader, address) in readers {
        let cookie = signed_in(&server, reader).await;
        let page = Page::read(&server, &cookie, address).await;
        let mut socket = connect(addr, &cookie).await;
        page.follow(&mut socket, 1).await;
        open.push((cookie, page, socket));
    }
    for (round, happenings) in rounds.into_iter().enumerate() {
        for (number, happening) in happenings.into_iter().enumerate() {
            let credits = format!(
                "{}.{:06}",
                happening.micro / 1_000_000,
                happening.micro % 1_000_000
            );
            let mut event = event_with(
                &format!("{round}-{number}"),
                "/data/credits",
                json!(credits),
            );
            event["subject"] = json!(happening.company);
            event["data"]["agent"] = json!(happening.agent);
            server.post_events(&event).await.ok(204);
        }
        server.services.watch_news().await;
        for (cookie, page, socket) in &mut open {
            agree_or_read_again(&server, cookie, socket, page).await;
        }
    }
}

/// Like [`until_fresh`], but rows of a table may have changed places.
async fn agree_or_read_again(
    server: &TestServer,
    cookie: &str,
    socket: &mut Socket,
    page: &mut Page,
) {
    let address = format!("{}?{}", page.path, page.query);
    let fresh = Page::read(server, cookie, &address).await;
    while page.parts != fresh.parts {
        match news(socket).await {
            LiveFrame::Parts(parts) => page.take(*parts),
            LiveFrame::Resync => {
                *page = Page::read(server, cookie, &address).await;
                page.follow(socket, 1).await;
            }
            other => panic!("{other:?}"),
        }
    }
}
