//! What was once wrong, by itself.

use domain::{
    Agent, Credits, Time,
    bounds::{MOST_COUNTED, MOST_CREDITS},
    ledger::Renewal,
    time::{DAY_US, HOUR_US, SECOND_US},
};
use service::{
    enforce::BeginHold,
    ports::{AccountAct, Act, Reverse, Write},
};

use super::office::{ACCOUNT, COMPANIES, Office, Opening, event, micro, plan};

const WHOLE: i64 = 1_000_000;

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

async fn office(credits: i64, rollover: Option<i64>) -> Office {
    Office::open(Opening {
        zone: "Europe/Berlin",
        anchor: time("2026-01-01T00:00:00Z"),
        now: time("2026-11-10T12:00:00Z"),
        plans: vec![("plan".to_owned(), credits, rollover)],
    })
    .await
}

async fn hold(office: &Office, id: &str, credits: i64, seconds: u32) {
    let begin = BeginHold {
        id: Some(id.to_owned()),
        company: COMPANIES[0].to_owned(),
        agent: Agent::Chat,
        activity: "voice_call".to_owned(),
        credits: micro(credits),
        expires_in_s: seconds,
    };
    let scope = office.scope().await;
    let held = office.services[0].begin_hold(&scope, begin).await;
    held.unwrap();
}

/// Reports so much in amounts as large as one may be.
async fn spend(office: &Office, credits: i64) {
    let (most, now) = (MOST_CREDITS.micro(), office.services[0].now());
    let event = |number: i64| {
        let id = format!("spent-{number}");
        let part = most.min(credits - number * most);
        event(&id, COMPANIES[0], Agent::Chat, now, part)
    };
    let events = (0..=credits / most).map(event).collect();
    office.report(0, events).await.unwrap();
}

fn renewal(used: i64, credits: Option<i64>) -> Renewal {
    Renewal {
        used: Some(micro(used)),
        credits: credits.map(micro),
        expires_in_s: None,
    }
}

#[tokio::test]
async fn a_renewal_that_reports_use_and_asks_for_more_needs_room_for_both() {
    let office = office(100 * WHOLE, None).await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    hold(&office, "call", 10 * WHOLE, 60).await;
    let more = renewal(95 * WHOLE, Some(150 * WHOLE));
    let denied = services.renew_hold(&scope, "call", more).await;
    assert!(denied.is_err(), "{denied:?}");
    let held = services.balance(&scope).await.unwrap().balance.held;
    assert_eq!(held, micro(10 * WHOLE));
    let all = renewal(95 * WHOLE, Some(100 * WHOLE));
    services.renew_hold(&scope, "call", all).await.unwrap();
}

#[tokio::test]
async fn a_hold_abandoned_long_ago_does_not_bring_its_plan_back() {
    let office = office(100 * WHOLE, Some(10 * WHOLE)).await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    hold(&office, "call", 10 * WHOLE, 60).await;
    services
        .renew_hold(&scope, "call", renewal(4 * WHOLE, None))
        .await
        .unwrap();
    let now = office.opening.now.plus_micros(100 * DAY_US);
    office.clock.set(now);
    // The first to come after a long time is an event, then something else.
    let late = event("e", COMPANIES[0], Agent::Chat, now, WHOLE);
    office.report(1, vec![late]).await.unwrap();
    // Both are in one transaction, of which the event that was reported is the newest.
    let newest = services.event(&scope, super::office::SOURCE, "e").await;
    let entries = services.ledger_entries(&scope, None, 1).await.unwrap();
    assert_eq!(entries[0].as_of, newest.unwrap().seq);
    office.renew(0).await;
    let grants = services.grants(&scope).await.unwrap();
    let begun: Vec<_> = grants
        .iter()
        .filter(|grant| grant.kind == domain::ledger::GrantKind::Plan)
        .map(|grant| grant.cycle_start)
        .collect();
    let once: std::collections::BTreeSet<_> = begun.iter().collect();
    assert_eq!(begun.len(), once.len(), "one plan a cycle: {begun:?}");
    office.healthy().await;
}

#[tokio::test]
async fn an_event_and_its_reversal_in_one_transaction_give_back_to_every_payer() {
    let office = office(100 * WHOLE, None).await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    let pack = services.grant_pack(&office.operator, ACCOUNT, "small", None);
    pack.await.unwrap();
    let account = scope.account().id;
    let first = event(
        "first",
        COMPANIES[0],
        Agent::Chat,
        office.opening.now,
        WHOLE,
    );
    office.report(0, vec![first]).await.unwrap();
    let stored = services.event(&scope, super::office::SOURCE, "first").await;
    let stored = stored.unwrap();
    let both = service::ports::NewEvent {
        account,
        company: stored.company,
        source: "direct".to_owned(),
        id: "both".to_owned(),
        fingerprint: 1,
        kind: stored.kind,
        time: stored.time,
        day_start: time("2026-11-09T23:00:00Z"),
        cycle_start: time("2026-11-01T00:00:00Z"),
        agent: stored.agent,
        activity: stored.activity,
        credits: micro(120 * WHOLE),
        quantity: None,
        unit: None,
        rate_version: None,
        reference: None,
        metadata: None,
        is_short_call: false,
        lead: None,
    };
    let back = Act::Reverse(Reverse {
        source: "direct".to_owned(),
        id: "both".to_owned(),
        credits: None,
        reason: "not right".to_owned(),
        reversal: "reversal".to_owned(),
    });
    let actor = "test".to_owned();
    let group = [
        Write::Events(vec![both]),
        Write::Act(AccountAct {
            account,
            actor,
            act: back,
        }),
    ];
    let store = &office.stores[0];
    store.commit(&group, office.opening.now).await.unwrap();
    let balance = services.balance(&scope).await.unwrap().balance;
    assert_eq!(balance.remaining, micro(129 * WHOLE));
    assert_eq!(balance.used, micro(WHOLE));
    office.healthy().await;
}

#[tokio::test]
async fn a_plan_that_is_changed_leaves_cycles_that_have_begun_as_they_were() {
    let office = office(100 * WHOLE, None).await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    office.clock.set(office.opening.now);
    let given = services.adjust(&office.operator, ACCOUNT, micro(WHOLE), "opens the books");
    given.await.unwrap();
    // A cycle begins, and nobody looks before the plan changes.
    office
        .clock
        .set(office.opening.now.plus_micros(40 * DAY_US));
    let larger = plan("plan", 500 * WHOLE, None);
    services.put_plan(&office.operator, larger).await.unwrap();
    let balance = services.balance(&scope).await.unwrap().balance;
    assert_eq!(balance.allocation, micro(100 * WHOLE));
    office
        .clock
        .set(office.opening.now.plus_micros(71 * DAY_US));
    let balance = services.balance(&scope).await.unwrap().balance;
    assert_eq!(balance.allocation, micro(500 * WHOLE));
}

#[tokio::test]
async fn an_event_from_ahead_of_a_boundary_does_not_fix_the_plan_of_the_cycle_it_begins() {
    let office = office(100 * WHOLE, None).await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    let larger = plan("larger", 300 * WHOLE, None);
    services.put_plan(&office.operator, larger).await.unwrap();
    let boundary = time("2026-12-01T00:00:00Z");
    office.clock.set(boundary.plus_micros(-60 * SECOND_US));
    let ahead = event("ahead", COMPANIES[0], Agent::Chat, boundary, WHOLE);
    office.report(0, vec![ahead]).await.unwrap();
    let policy = domain::ledger::OveragePolicy::HardStop;
    office.put_account(0, "larger", policy).await;
    office.clock.set(boundary.plus_micros(HOUR_US));
    let balance = services.balance(&scope).await.unwrap().balance;
    assert_eq!(balance.allocation, micro(300 * WHOLE));
    assert_eq!(balance.remaining, micro(299 * WHOLE));
}

#[tokio::test]
async fn a_pack_pays_usage_from_ahead_of_a_boundary_as_soon_as_the_cycle_begins() {
    let office = office(100 * WHOLE, None).await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    let boundary = time("2026-12-01T00:00:00Z");
    office.clock.set(boundary.plus_micros(-60 * SECOND_US));
    let ahead = event("ahead", COMPANIES[0], Agent::Chat, boundary, 120 * WHOLE);
    office.report(0, vec![ahead]).await.unwrap();
    // It is valid for two cycles, and bought in the first.
    let pack = services.grant_pack(&office.operator, ACCOUNT, "large", None);
    pack.await.unwrap();
    office.clock.set(boundary);
    let read = services.grants(&scope).await.unwrap();
    office.renew(1).await;
    let written = services.grants(&scope).await.unwrap();
    assert_eq!(read, written, "what is read is what will be written");
    assert_eq!(written[0].remaining(), micro(130 * WHOLE));
    office.healthy().await;
}

#[tokio::test]
async fn holds_that_cannot_be_counted_together_are_refused() {
    let office = office(100 * WHOLE, None).await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    for id in ["a", "b"] {
        hold(&office, id, 10 * WHOLE, 60).await;
    }
    let beside = MOST_COUNTED.micro() - MOST_CREDITS.micro() - 20 * WHOLE;
    spend(&office, beside).await;
    // A caller's mistake, twice.
    let all = renewal(MOST_CREDITS.micro(), None);
    services.renew_hold(&scope, "a", all).await.unwrap();
    let more = services.renew_hold(&scope, "b", all).await;
    assert!(more.is_err(), "{more:?}");
    let held = services.balance(&scope).await.unwrap().balance.held;
    assert_eq!(held, micro(MOST_CREDITS.micro() + 10 * WHOLE));
    for id in ["a", "b"] {
        let end = service::enforce::EndHold {
            credits: micro(WHOLE),
            reference: None,
            metadata: None,
        };
        services.settle_hold(&scope, id, end).await.unwrap();
    }
    let balance = services.balance(&scope).await.unwrap().balance;
    assert_eq!(
        (balance.held, balance.used),
        (Credits::ZERO, micro(beside + 2 * WHOLE))
    );
}
