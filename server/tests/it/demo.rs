//! The demo's database, in its small form.

use std::sync::Arc;

use axum::{body::Body, http::Method};
use domain::{
    Credits, Time,
    filter::ViewQuery,
    ledger::{DisputeState, EntryKind, GrantKind, Payer},
    time::{DAY_US, HOUR_US, MINUTE_US},
};
use server::demo::{self, Demo, Filled, Size};
use service::{Caller, Permission, Scope, platform::PlatformQuery, tips::Tip};

use crate::support::{TestServer, request};

const DEMO: Demo = Demo {
    seed: 7,
    size: Size::SMALL,
};

async fn filled() -> (TestServer, Filled) {
    let server = TestServer::bare().await;
    let filled = fill(&server).await;
    (server, filled)
}

async fn fill(server: &TestServer) -> Filled {
    let now = server.services.now();
    demo::fill(Arc::clone(&server.store), now, DEMO)
        .await
        .unwrap()
}

fn operator() -> Caller {
    Caller::operator("test")
}

async fn person(server: &TestServer, email: &str) -> Caller {
    let users = server.services.users(&operator(), None, 100).await.unwrap();
    Caller::from_user(users.iter().find(|user| user.email == email).unwrap())
}

async fn scope(server: &TestServer, caller: &Caller, account: &str) -> Scope {
    server
        .services
        .scope(caller, Some(account), Permission::Read)
        .await
        .unwrap()
}

async fn agrees(server: &TestServer) {
    let report = server.services.doctor(&operator()).await.unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
}

/// Made once for all that is looked at: making it takes longest.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_has_a_ledger_tips_budgets_and_alerts_in_every_state() {
    let (server, made) = filled().await;
    the_ledger_has_everything_at_its_date(&server, &made).await;
    every_reader_can_sign_in_and_has_a_tip(&server).await;
    budgets_and_limits_are_in_every_state(&server).await;
    alerts_are_active_acknowledged_and_resolved(&server).await;
}

async fn the_ledger_has_everything_at_its_date(server: &TestServer, made: &Filled) {
    let agency = scope(server, &operator(), "northwind").await;
    let entries = server
        .services
        .ledger_entries(&agency, None, 500)
        .await
        .unwrap();
    let renewals: Vec<_> = entries
        .iter()
        .filter(|one| one.entry.kind == EntryKind::Granted && one.entry.actor == "renewal")
        .collect();
    let at_boundary = renewals
        .iter()
        .filter(|one| one.at == one.entry.cycle_start);
    assert!(at_boundary.count() >= 3, "{renewals:?}");
    let grants = server.services.grants(&agency).await.unwrap();
    for kind in [
        GrantKind::Plan,
        GrantKind::Pack,
        GrantKind::Promotion,
        GrantKind::Adjustment,
    ] {
        assert!(grants.iter().any(|grant| grant.kind == kind), "{kind:?}");
    }
    let bought = grants.iter().filter(|grant| grant.kind == GrantKind::Pack);
    for pack in bought {
        let before = made.until.micros_since(pack.active.start);
        assert!(before > 5 * DAY_US, "{pack:?}");
    }
    assert!(
        entries
            .iter()
            .any(|one| one.entry.kind == EntryKind::Returned)
    );
    let customer = scope(server, &operator(), "brightside").await;
    let entries = server
        .services
        .ledger_entries(&customer, None, 500)
        .await
        .unwrap();
    let is_settled = entries.iter().any(|one| {
        let pack = matches!(one.entry.payer, Payer::Grant(_));
        one.entry.kind == EntryKind::Covered && pack
    });
    assert!(is_settled, "{entries:?}");
    let requests = server
        .services
        .disputes(&agency, &[], None, 10)
        .await
        .unwrap();
    let states: Vec<_> = requests.iter().map(|request| request.state).collect();
    assert!(states.contains(&DisputeState::Open), "{states:?}");
    assert!(states.contains(&DisputeState::Accepted), "{states:?}");
}

async fn every_reader_can_sign_in_and_has_a_tip(server: &TestServer) {
    for one in demo::PEOPLE {
        let body = format!("email={}&password={}", one.email, demo::PASSWORD);
        let form = request(Method::POST, "/sign-in", "")
            .header("content-type", "application/x-www-form-urlencoded");
        let reply = server.send(form.body(Body::from(body)).unwrap()).await;
        assert_eq!(reply.ok(303).header("location"), "/", "{}", one.email);
        let caller = person(server, one.email).await;
        let accounts = server
            .services
            .accounts(&caller, None, None, 100)
            .await
            .unwrap();
        let first = &accounts[0].key;
        let tips = server
            .services
            .tips(&scope(server, &caller, first).await, &ViewQuery::default())
            .await
            .unwrap();
        assert!(!tips.tips.is_empty(), "{} on {first}", one.email);
    }
    let owner = scope(
        server,
        &person(server, "owner@northwind.example").await,
        "northwind",
    )
    .await;
    let tips = server
        .services
        .tips(&owner, &ViewQuery::default())
        .await
        .unwrap();
    let cause = tips.tips.iter().find_map(|tip| match tip {
        Tip::Spike(_, spike) => spike.causes.first(),
        _ => None,
    });
    let cause = cause.expect("a spike of the last week with a cause");
    assert_eq!(
        (cause.company.key.as_str(), cause.agent),
        ("acme-dental", domain::Agent::VoiceInbound)
    );
}

async fn budgets_and_limits_are_in_every_state(server: &TestServer) {
    let agency = scope(server, &operator(), "northwind").await;
    let board = server
        .services
        .board(&agency, &service::companies::BoardQuery::default())
        .await
        .unwrap();
    let percent = |key: &str| {
        let line = board.lines.iter().find(|line| line.company.key == key);
        let line = line.unwrap();
        let budget = line.company.budget?;
        Some(line.used.credits.micro() * 100 / budget.micro())
    };
    let almost = percent("lakeside-vet").unwrap();
    assert!((85..100).contains(&almost), "{almost}");
    let stopped = percent("cedar-fitness").unwrap();
    assert!((100..104).contains(&stopped), "{stopped}");
    assert_eq!(percent("harbor-homes"), None);
    let used = async |key: &str| {
        let scope = scope(server, &operator(), key).await;
        let balance = server.services.balance(&scope).await.unwrap().balance;
        (
            balance.used.micro() * 100 / balance.allocation.micro(),
            balance.remaining,
        )
    };
    let (of_agency, _) = used("northwind").await;
    assert!((55..92).contains(&of_agency), "{of_agency}");
    let (near, left) = used("cobalt-legal").await;
    assert!((90..100).contains(&near) && left > Credits::ZERO, "{near}");
    assert_eq!(used("daylight-yoga").await.1, Credits::ZERO);
    let pm = person(server, "pm@creditscope.example").await;
    let query = PlatformQuery {
        period: ViewQuery::default(),
        plans: vec![],
        accounts: vec![],
        window: domain::calendar::Window::Day,
        by: service::platform::PlatformBy::Plan,
        compared: domain::calendar::Comparison::default(),
    };
    let platform = server.services.platform_trends(&pm, &query).await.unwrap();
    assert_eq!(platform.accounts, 10);
    assert!(platform.run_outs.accounts >= 3, "{:?}", platform.run_outs);
    let weeks = platform.run_outs.weeks.iter().filter(|count| **count > 0);
    assert!(weeks.count() >= 2, "{:?}", platform.run_outs);
}

async fn alerts_are_active_acknowledged_and_resolved(server: &TestServer) {
    let agency = scope(server, &operator(), "northwind").await;
    let alerts = server.services.alerts(&agency, None, 100).await.unwrap();
    let active = server.services.open_alerts(&agency).await.unwrap();
    assert!(!active.is_empty(), "{alerts:?}");
    let known = alerts.iter().filter(|alert| alert.acknowledged.is_some());
    assert!(known.count() > 0, "{alerts:?}");
    assert!(alerts.iter().any(|alert| !alert.lasts()), "{alerts:?}");
    let webhooks = server.services.webhooks(&agency).await.unwrap();
    assert!(webhooks.is_empty(), "nothing may call outside");
}

/// Events and credits of the agency in a range.
async fn used(server: &TestServer, start: Time, end: Time) -> (f64, f64) {
    let view = ViewQuery {
        from: Some(start.to_string()),
        to: Some(end.to_string()),
        ..ViewQuery::default()
    };
    let agency = scope(server, &operator(), "northwind").await;
    let summary = server.services.summary(agency, &view).await.unwrap();
    let totals = summary.current;
    let events = u32::try_from(totals.events).unwrap();
    let credits = i32::try_from(totals.credits.micro() / 1_000_000).unwrap();
    (f64::from(events), f64::from(credits))
}

#[tokio::test(flavor = "multi_thread")]
async fn live_traffic_is_as_the_same_hours_of_history_raises_no_alert_and_goes_on_after_a_break() {
    let (server, made) = filled().await;
    assert!((20_000..60_000).contains(&made.added), "{}", made.added);
    agrees(&server).await;
    assert_eq!(fill(&server).await.added, 0, "a demo is made once");
    let agency = scope(&server, &operator(), "northwind").await;
    server.services.watch_all().await.unwrap();
    let before = server.services.alerts(&agency, None, 100).await.unwrap();
    let mut live = made.live();
    // Three hours: in the small form one hour is some twenty events.
    let hours = 3;
    for _ in 0..hours * 60 {
        server.clock.advance(MINUTE_US);
        let due = live.due(&server.services, &operator()).await.unwrap();
        let events: Vec<_> = due.into_iter().map(|one| one.event).collect();
        if !events.is_empty() {
            demo::report(&server.services, &operator(), events)
                .await
                .unwrap();
        }
    }
    let (start, end) = (made.until, server.services.now());
    let now = used(&server, start, end).await;
    let mut usual = (0.0, 0.0);
    for week in 1..=4 {
        let back = -week * 7 * DAY_US;
        let of_week = used(&server, start.plus_micros(back), end.plus_micros(back)).await;
        usual = (usual.0 + of_week.0 / 4.0, usual.1 + of_week.1 / 4.0);
    }
    assert!(now.0 > 10.0, "{now:?}");
    for (now, usual) in [(now.0, usual.0), (now.1, usual.1)] {
        let times = now / usual;
        assert!((0.5..2.0).contains(&times), "{now} where {usual} is usual");
    }
    server.services.watch_all().await.unwrap();
    let after = server.services.alerts(&agency, None, 100).await.unwrap();
    assert_eq!(after.len(), before.len(), "{:?}", after.first());
    server.clock.advance(DAY_US + HOUR_US);
    let later = fill(&server).await;
    assert!(later.added > 100, "a break is filled in: {}", later.added);
    assert_eq!(fill(&server).await.added, 0);
    agrees(&server).await;
}

#[tokio::test]
async fn a_database_that_somebody_works_with_does_not_become_a_demo() {
    let server = TestServer::start().await;
    let now = server.services.now();
    let refused = demo::fill(Arc::clone(&server.store), now, DEMO).await;
    let error = refused.err().unwrap().to_string();
    assert!(error.contains("--data-dir"), "{error}");
}
