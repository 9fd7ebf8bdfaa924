//! What comes back after the cycle it was spent in has ended: it can be spent, once.

use domain::{
    Agent, Time,
    ledger::{GrantKind, Payer},
    time::{DAY_US, HOUR_US},
};
use rstest::rstest;
use service::{
    Clock as _,
    ports::{ReturnedTo, Reversed},
};

use super::office::{ACCOUNT, COMPANIES, Office, Opening, SOURCE, event, micro, plan};

const WHOLE: i64 = 1_000_000;
/// A boundary between cycles.
const BOUNDARY: &str = "2026-12-01T00:00:00Z";

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// An account of 100 credits a cycle, an hour before the boundary.
async fn office(rollover: Option<i64>) -> Office {
    Office::open(Opening {
        zone: "Europe/Berlin",
        anchor: time("2026-01-01T00:00:00Z"),
        now: time(BOUNDARY).plus_micros(-HOUR_US),
        plans: vec![(
            "plan".to_owned(),
            100 * WHOLE,
            rollover.map(|cap| cap * WHOLE),
        )],
    })
    .await
}

async fn spend(office: &Office, id: &str, credits: i64) {
    let now = office.clock.now();
    let event = event(id, COMPANIES[0], Agent::Chat, now, credits * WHOLE);
    office.report(0, vec![event]).await.unwrap();
}

fn at(office: &Office, after_boundary: i64) {
    office.clock.set(time(BOUNDARY).plus_micros(after_boundary));
}

async fn reverse(office: &Office, id: &str, credits: Option<i64>) -> Reversed {
    let (scope, services) = (office.scope().await, &office.services[1]);
    let credits = credits.map(|credits| micro(credits * WHOLE));
    let reversed = services.reverse(&scope, SOURCE, id, credits, "cut").await;
    reversed.unwrap()
}

async fn remaining(office: &Office) -> i64 {
    let scope = office.scope().await;
    let balance = office.services[0].balance(&scope).await.unwrap().balance;
    let sum = balance.used.micro() + balance.remaining.micro() + balance.expired.micro();
    assert_eq!(balance.allocation.micro() + balance.overage.micro(), sum);
    balance.remaining.micro() / WHOLE
}

/// Kind and credits of what went where.
fn went(reversed: &Reversed) -> Vec<(Option<GrantKind>, i64)> {
    let kind = |to: &ReturnedTo| to.grant.as_ref().map(|(kind, _)| *kind);
    reversed
        .returned_to
        .iter()
        .map(|to| (kind(to), to.credits.micro() / WHOLE))
        .collect()
}

#[rstest]
#[case::no_rollover(None, HOUR_US, vec![(Some(GrantKind::Refund), 80)])]
#[case::rollover_of_nothing(Some(0), HOUR_US, vec![(Some(GrantKind::Refund), 80)])]
// 20 were left and carried over; 10 more fit under the cap.
#[case::to_the_cap(Some(30), HOUR_US, vec![(Some(GrantKind::Rollover), 10), (Some(GrantKind::Refund), 70)])]
#[case::under_the_cap(Some(500), 71 * HOUR_US, vec![(Some(GrantKind::Rollover), 80)])]
#[case::after_the_grace(Some(500), 72 * HOUR_US, vec![(Some(GrantKind::Refund), 80)])]
#[case::two_cycles_later(Some(500), 40 * DAY_US, vec![(Some(GrantKind::Refund), 80)])]
#[tokio::test]
async fn what_comes_back_after_the_boundary_can_be_spent_and_is_in_one_place(
    #[case] rollover: Option<i64>,
    #[case] after: i64,
    #[case] places: Vec<(Option<GrantKind>, i64)>,
) {
    let office = office(rollover).await;
    spend(&office, "a", 80).await;
    at(&office, after);
    let before = remaining(&office).await;
    let reversed = reverse(&office, "a", None).await;
    assert_eq!(went(&reversed), places);
    assert_eq!(remaining(&office).await, before + 80);
    // To the end of the running cycle, and no longer.
    let scope = office.scope().await;
    let cycle = office.services[0].balance(&scope).await.unwrap().cycle;
    for to in &reversed.returned_to {
        assert_eq!(to.expires_at, Some(cycle.end));
    }
    // The grant that paid stays as it was, and the receipt says where the credits went.
    let grants = office.services[0].grants(&scope).await.unwrap();
    let paid = grants.iter().find(|grant| grant.number.0 == 1).unwrap();
    assert!(paid.spent >= micro(80 * WHOLE));
    let receipt = office.services[0].receipt(&scope, None, SOURCE, "a").await;
    let told = &receipt.unwrap().reversals[0].returned_to;
    assert_eq!(told.len(), places.len());
    office.healthy().await;
}

#[tokio::test]
async fn parts_of_a_reversal_that_follow_each_other_never_carry_more_than_the_cap() {
    let office = office(Some(30)).await;
    spend(&office, "a", 80).await;
    at(&office, HOUR_US);
    let first = reverse(&office, "a", Some(6)).await;
    assert_eq!(went(&first), [(Some(GrantKind::Rollover), 6)]);
    let second = reverse(&office, "a", Some(6)).await;
    let both = [(Some(GrantKind::Rollover), 4), (Some(GrantKind::Refund), 2)];
    assert_eq!(went(&second), both);
    let rest = reverse(&office, "a", None).await;
    assert_eq!(went(&rest), [(Some(GrantKind::Refund), 68)]);
    assert_eq!(remaining(&office).await, 100 + 20 + 80);
    office.healthy().await;
}

#[tokio::test]
async fn of_an_event_that_several_paid_each_part_goes_back_by_itself() {
    let office = office(None).await;
    let services = &office.services[0];
    // The plan pays 100, a pack of this cycle 30, a pack of two cycles 20.
    for pack in ["small", "large"] {
        let given = services.grant_pack(&office.operator, ACCOUNT, pack, None);
        given.await.unwrap();
    }
    spend(&office, "a", 150).await;
    at(&office, HOUR_US);
    assert_eq!(remaining(&office).await, 100 + 130);
    let part = reverse(&office, "a", Some(40)).await;
    let places = [(Some(GrantKind::Pack), 20), (Some(GrantKind::Refund), 20)];
    assert_eq!(went(&part), places);
    let rest = reverse(&office, "a", None).await;
    assert_eq!(went(&rest), [(Some(GrantKind::Refund), 110)]);
    assert_eq!(remaining(&office).await, 100 + 150 + 130);
    office.healthy().await;
}

#[tokio::test]
async fn what_went_past_all_grants_lowers_what_was_due_and_gives_back_to_the_pack_that_settled_it()
{
    let office = office(None).await;
    spend(&office, "a", 170).await;
    let services = &office.services[0];
    // 70 were due; this pack of the ending cycle pays 30 of them.
    let given = services.grant_pack(&office.operator, ACCOUNT, "small", None);
    given.await.unwrap();
    at(&office, HOUR_US);
    let reversed = reverse(&office, "a", Some(90)).await;
    // 40 that nobody has paid, 30 of the pack that has ended, and 20 of the plan.
    let places = [(None, 40), (Some(GrantKind::Refund), 50)];
    assert_eq!(went(&reversed), places);
    assert_eq!(reversed.returned_to[0].payer, Payer::Overage);
    assert_eq!(remaining(&office).await, 150);
    office.healthy().await;
}

#[tokio::test]
async fn what_the_running_cycle_owes_is_paid_first_from_what_comes_back() {
    let office = office(None).await;
    spend(&office, "a", 80).await;
    at(&office, HOUR_US);
    spend(&office, "b", 130).await;
    let scope = office.scope().await;
    let balance = office.services[0].balance(&scope).await.unwrap().balance;
    assert_eq!(balance.overage, micro(30 * WHOLE));
    reverse(&office, "a", None).await;
    assert_eq!(remaining(&office).await, 50);
    // What settled it comes back as well, to the refund that still lasts.
    let reversed = reverse(&office, "b", None).await;
    assert_eq!(
        went(&reversed),
        [(Some(GrantKind::Refund), 30), (Some(GrantKind::Plan), 100)]
    );
    assert_eq!(remaining(&office).await, 180);
    office.healthy().await;
}

#[tokio::test]
async fn a_refund_that_was_spent_and_comes_back_after_its_end_is_a_refund_again() {
    let office = office(None).await;
    spend(&office, "a", 100).await;
    at(&office, HOUR_US);
    reverse(&office, "a", None).await;
    spend(&office, "b", 200).await;
    at(&office, 32 * DAY_US);
    assert_eq!(remaining(&office).await, 100);
    let reversed = reverse(&office, "b", None).await;
    assert_eq!(went(&reversed), [(Some(GrantKind::Refund), 200)]);
    assert_eq!(remaining(&office).await, 300);
    office.healthy().await;
}

#[tokio::test]
async fn the_plan_the_account_moved_to_says_how_much_is_still_carried_over() {
    let office = office(Some(30)).await;
    spend(&office, "a", 80).await;
    at(&office, HOUR_US);
    let (services, operator) = (&office.services[0], &office.operator);
    let larger = plan("larger", 100 * WHOLE, Some(50 * WHOLE));
    services.put_plan(operator, larger).await.unwrap();
    let policy = domain::ledger::OveragePolicy::HardStop;
    office.put_account(0, "larger", policy).await;
    let reversed = reverse(&office, "a", None).await;
    let places = [
        (Some(GrantKind::Rollover), 30),
        (Some(GrantKind::Refund), 50),
    ];
    assert_eq!(went(&reversed), places);
    assert_eq!(remaining(&office).await, 100 + 20 + 80);
    office.healthy().await;
}
