//! Dates: anchors at the end of months, clocks that change, and servers that were down.

use domain::{
    Agent, Time,
    calendar::{Cycles, Zone},
    ledger::{Entry, Grant, GrantKind, HoldState, Renewal},
    time::{DAY_US, SECOND_US},
};
use rstest::rstest;
use service::enforce::BeginHold;

use super::office::{ACCOUNT, COMPANIES, Office, Opening, event, micro};

const WHOLE: i64 = 1_000_000;

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn opening(zone: &'static str, anchor: &str, now: &str, rollover: Option<i64>) -> Opening {
    Opening {
        zone,
        anchor: time(anchor),
        now: time(now),
        plans: vec![("plan".to_owned(), 100 * WHOLE, rollover)],
    }
}

/// Boundaries after one another, as their civil date and hour in the zone.
#[rstest]
// The end of every month, through February of a common year and of a leap year.
#[case("UTC", "2026-01-31T12:00:00Z", 1, "2026-02-28T12")]
#[case("UTC", "2026-01-31T12:00:00Z", 2, "2026-03-31T12")]
#[case("UTC", "2026-01-31T12:00:00Z", 3, "2026-04-30T12")]
#[case("UTC", "2027-12-31T12:00:00Z", 2, "2028-02-29T12")]
#[case("UTC", "2027-12-31T12:00:00Z", 3, "2028-03-31T12")]
#[case("UTC", "2027-12-30T12:00:00Z", 2, "2028-02-29T12")]
#[case("UTC", "2026-12-30T12:00:00Z", 2, "2027-02-28T12")]
#[case("UTC", "2026-12-29T12:00:00Z", 2, "2027-02-28T12")]
#[case("UTC", "2027-12-29T12:00:00Z", 2, "2028-02-29T12")]
#[case("UTC", "2028-02-29T12:00:00Z", 12, "2029-02-28T12")]
#[case("UTC", "2028-02-29T12:00:00Z", 48, "2032-02-29T12")]
// The same hour of the clock, whatever the clock does.
#[case("Europe/Berlin", "2026-01-31T22:30:00Z", 2, "2026-03-31T23")]
#[case("Europe/Berlin", "2026-08-29T22:30:00Z", 2, "2026-10-30T00")]
#[case("America/New_York", "2026-01-30T05:00:00Z", 2, "2026-03-30T00")]
#[case("Australia/Lord_Howe", "2026-03-01T00:00:00Z", 2, "2026-05-01T11")]
#[case("Asia/Kathmandu", "2026-01-31T00:00:00Z", 1, "2026-02-28T05")]
// A clock time that a change skips moves ahead.
#[case("Europe/Berlin", "2026-01-29T01:30:00Z", 2, "2026-03-29T03")]
#[case("America/New_York", "2026-01-08T07:30:00Z", 2, "2026-03-08T03")]
#[case("Australia/Lord_Howe", "2026-08-03T15:45:00Z", 2, "2026-10-04T02")]
fn boundaries_keep_the_day_and_the_clock_time_of_the_anchor(
    #[case] zone: &str,
    #[case] anchor: &str,
    #[case] number: i32,
    #[case] expected: &str,
) {
    let zone = Zone::named(zone).unwrap();
    let cycles = Cycles::new(time(anchor), zone.clone());
    let boundary = cycles.boundary(number);
    let civil = zone.rfc3339(boundary);
    assert_eq!(&civil[..13], expected);
    let before = cycles.at(boundary.plus_micros(-1));
    assert_eq!((before.number, before.range.end), (number - 1, boundary));
    assert_eq!(cycles.at(boundary).number, number);
}

/// What a server writes when it was there for every boundary, or came back after a long time.
struct Kept {
    grants: Vec<Grant>,
    entries: Vec<Entry>,
    holds: Vec<HoldState>,
}

/// A cycle with usage, a running call that is abandoned, and a pack for three cycles.
async fn begin(office: &Office) {
    let (scope, services) = (office.scope().await, &office.services[0]);
    let now = office.opening.now;
    let used = event("used", COMPANIES[0], Agent::Chat, now, 30 * WHOLE);
    office.report(0, vec![used]).await.unwrap();
    let pack = services.grant_pack(&office.operator, ACCOUNT, "long", None);
    pack.await.unwrap();
    let begin = BeginHold {
        id: Some("abandoned".to_owned()),
        company: COMPANIES[1].to_owned(),
        agent: Agent::Chat,
        activity: "voice_call".to_owned(),
        credits: micro(40 * WHOLE),
        expires_in_s: 3_600,
    };
    services.begin_hold(&scope, begin).await.unwrap();
    let renewal = Renewal {
        used: Some(micro(12 * WHOLE)),
        ..Renewal::default()
    };
    let renewed = services.renew_hold(&scope, "abandoned", renewal);
    renewed.await.unwrap();
}

async fn kept(office: &Office) -> Kept {
    let (scope, services) = (office.scope().await, &office.services[0]);
    let entries = services.ledger_entries(&scope, None, 1_000).await.unwrap();
    let hold = services.hold(&scope, "abandoned").await.unwrap();
    office.healthy().await;
    Kept {
        grants: services.grants(&scope).await.unwrap(),
        entries: entries.into_iter().map(|line| line.entry).collect(),
        holds: vec![hold.hold.state],
    }
}

#[rstest]
#[case::a_month_that_is_short("Europe/Berlin", "2026-01-31T09:00:00Z", None)]
#[case::with_rollover("Europe/Berlin", "2026-01-31T09:00:00Z", Some(50 * WHOLE))]
#[case::with_all_of_it("America/New_York", "2026-01-30T09:00:00Z", Some(500 * WHOLE))]
#[case::half_an_hour("Australia/Lord_Howe", "2026-01-29T15:45:00Z", Some(10 * WHOLE))]
#[case::forty_five_minutes("Asia/Kathmandu", "2026-01-31T20:00:00Z", Some(0))]
#[tokio::test]
async fn after_a_hundred_days_down_everything_is_as_if_it_had_been_there(
    #[case] zone: &'static str,
    #[case] anchor: &str,
    #[case] rollover: Option<i64>,
) {
    let now = "2026-02-20T12:00:00Z";
    let (always, down, twice) = (
        Office::open(opening(zone, anchor, now, rollover)).await,
        Office::open(opening(zone, anchor, now, rollover)).await,
        Office::open(opening(zone, anchor, now, rollover)).await,
    );
    for office in [&always, &down, &twice] {
        begin(office).await;
    }
    for hour in 1..=100 * 24 {
        always.clock.set(time(now).plus_micros(hour * DAY_US / 24));
        always.renew(0).await;
    }
    let back = time(now).plus_micros(100 * DAY_US);
    down.clock.set(back);
    down.renew(0).await;
    // Two programs that come back at the same time.
    twice.clock.set(back);
    tokio::join!(twice.renew(0), twice.renew(1));
    let right = kept(&always).await;
    assert_eq!(right.holds, [HoldState::Expired]);
    let carried = right
        .grants
        .iter()
        .filter(|grant| grant.kind == GrantKind::Rollover);
    let may_carry = rollover.is_some_and(|cap| cap > 0);
    assert_eq!(carried.count(), if may_carry { 4 } else { 0 });
    for office in [down, twice] {
        let found = kept(&office).await;
        assert_eq!(found.grants, right.grants);
        assert_eq!(found.entries, right.entries);
        assert_eq!(found.holds, right.holds);
    }
}

#[rstest]
#[case("Europe/Berlin", "2026-01-31T09:00:00Z")]
#[case("America/New_York", "2026-01-08T07:30:00Z")]
#[case("Australia/Lord_Howe", "2026-01-29T15:45:00Z")]
#[case("Asia/Kathmandu", "2026-01-30T20:00:00Z")]
#[tokio::test]
async fn a_pack_belongs_to_the_cycle_in_which_it_was_bought_to_the_second(
    #[case] zone: &'static str,
    #[case] anchor: &str,
) {
    let cycles = Cycles::new(time(anchor), Zone::named(zone).unwrap());
    let boundary = cycles.boundary(2);
    for (second, ends) in [
        (-1, boundary),
        (0, cycles.boundary(3)),
        (1, cycles.boundary(3)),
    ] {
        let mut opening = opening(zone, anchor, "2026-03-01T00:00:00Z", None);
        opening.now = boundary.plus_micros(second * SECOND_US);
        let office = Office::open(opening).await;
        let (scope, services) = (office.scope().await, &office.services[0]);
        let pack = services.grant_pack(&office.operator, ACCOUNT, "small", None);
        assert_eq!(pack.await.unwrap().active.end, ends, "{second}");
        // It pays in the second in which it was bought, and no longer than its cycle.
        office.clock.set(boundary.plus_micros(2 * SECOND_US));
        let balance = services.balance(&scope).await.unwrap().balance;
        let pack = if second < 0 { 0 } else { 30 * WHOLE };
        assert_eq!(balance.remaining, micro(100 * WHOLE + pack), "{second}");
        office.renew(1).await;
        assert_eq!(services.balance(&scope).await.unwrap().balance, balance);
        office.healthy().await;
    }
}

/// A hold that spans a boundary counts where it ends.
#[rstest]
#[case::settled_after(Some(20), 0, 20)]
#[case::abandoned_before_it_ends(None, 5, 0)]
#[tokio::test]
async fn a_hold_over_a_boundary_is_paid_by_the_cycle_in_which_it_ends(
    #[case] settled: Option<i64>,
    #[case] of_first: i64,
    #[case] of_second: i64,
) {
    let office = Office::open(opening(
        "Europe/Berlin",
        "2026-01-31T09:00:00Z",
        "2026-03-31T07:59:00Z",
        None,
    ))
    .await;
    let (scope, services) = (office.scope().await, &office.services[0]);
    let begin = BeginHold {
        id: Some("call".to_owned()),
        company: COMPANIES[0].to_owned(),
        agent: Agent::Chat,
        activity: "voice_call".to_owned(),
        credits: micro(40 * WHOLE),
        // A second before the boundary it ends by itself, unless it is renewed.
        expires_in_s: 59,
    };
    services.begin_hold(&scope, begin).await.unwrap();
    let renewal = Renewal {
        used: Some(micro(5 * WHOLE)),
        expires_in_s: settled.map(|_| 3_600),
        ..Renewal::default()
    };
    services.renew_hold(&scope, "call", renewal).await.unwrap();
    office.clock.set(time("2026-03-31T08:30:00Z"));
    if let Some(credits) = settled {
        let held = services.balance(&scope).await.unwrap().balance.held;
        assert_eq!(held, micro(40 * WHOLE), "it is held in the new cycle");
        let end = service::enforce::EndHold {
            credits: micro(credits * WHOLE),
            reference: None,
            metadata: None,
        };
        services.settle_hold(&scope, "call", end).await.unwrap();
    } else {
        office.renew(0).await;
    }
    let mut grants = services.grants(&scope).await.unwrap();
    grants.reverse();
    let spent: Vec<_> = grants.iter().map(|grant| grant.spent).collect();
    assert_eq!(spent, [micro(of_first * WHOLE), micro(of_second * WHOLE)]);
    let balance = services.balance(&scope).await.unwrap().balance;
    assert_eq!(balance.used, micro(of_second * WHOLE));
    assert_eq!(balance.held, micro(0));
    office.healthy().await;
}
