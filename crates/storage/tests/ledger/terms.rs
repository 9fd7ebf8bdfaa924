//! A plan that is changed changes the next cycle, for everybody, whoever looks when.

use domain::{Agent, Time, ledger::OveragePolicy, time::DAY_US};
use rstest::rstest;

use super::office::{ACCOUNT, COMPANIES, Office, Opening, event, micro, plan};

const WHOLE: i64 = 1_000_000;

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

async fn office() -> Office {
    Office::open(Opening {
        zone: "UTC",
        anchor: time("2026-01-01T00:00:00Z"),
        now: time("2026-02-10T12:00:00Z"),
        plans: vec![("plan".to_owned(), 100 * WHOLE, Some(500 * WHOLE))],
    })
    .await
}

async fn put(office: &Office, key: &str, credits: i64, rollover: Option<i64>) {
    let plan = plan(key, credits * WHOLE, rollover.map(|cap| cap * WHOLE));
    let put = office.services[1].put_plan(&office.operator, plan).await;
    put.unwrap();
}

fn set(office: &Office, text: &str) {
    office.clock.set(time(text));
}

async fn allocation(office: &Office) -> i64 {
    let scope = office.scope().await;
    let balance = office.services[0].balance(&scope).await.unwrap().balance;
    balance.allocation.micro() / WHOLE
}

/// Every grant: start of its cycle, kind and credits.
async fn grants(office: &Office) -> Vec<(Option<Time>, String, i64)> {
    let scope = office.scope().await;
    let mut grants = office.services[0].grants(&scope).await.unwrap();
    grants.reverse();
    grants
        .iter()
        .map(|grant| {
            (
                grant.cycle_start,
                grant.kind.to_string(),
                grant.amount.micro() / WHOLE,
            )
        })
        .collect()
}

#[tokio::test]
async fn a_plan_changed_before_the_account_ever_booked_anything_leaves_its_running_cycle() {
    let office = office().await;
    put(&office, "plan", 10, None).await;
    assert_eq!(allocation(&office).await, 100);
    set(&office, "2026-02-28T12:00:00Z");
    assert_eq!(allocation(&office).await, 100);
    set(&office, "2026-03-01T12:00:00Z");
    assert_eq!(allocation(&office).await, 10);
    office.renew(0).await;
    let event = event(
        "a",
        COMPANIES[0],
        Agent::Chat,
        time("2026-03-01T12:00:00Z"),
        WHOLE,
    );
    office.report(0, vec![event]).await.unwrap();
    assert_eq!(allocation(&office).await, 10);
    office.healthy().await;
}

#[rstest]
#[case::nobody_looked(&[])]
#[case::somebody_wrote_at_once(&["2026-02-10T13:00:00Z"])]
#[case::somebody_wrote_in_between(&["2026-03-02T00:00:00Z", "2026-04-20T00:00:00Z"])]
#[tokio::test]
async fn each_cycle_has_the_terms_in_force_at_its_start_whoever_looks_when(#[case] looks: &[&str]) {
    let office = office().await;
    // What the plan becomes, and when; after a hundred days somebody looks.
    let changes = [
        ("2026-02-20T00:00:00Z", 10, Some(500)),
        // Two changes within one cycle: the next one has the later.
        ("2026-03-05T00:00:00Z", 20, Some(500)),
        ("2026-03-06T00:00:00Z", 30, Some(15)),
        ("2026-04-30T23:59:59Z", 40, None),
    ];
    let mut moments: Vec<_> = changes
        .iter()
        .map(|change| (change.0, Some(change)))
        .collect();
    moments.extend(looks.iter().map(|look| (*look, None)));
    moments.sort_by_key(|(at, _)| *at);
    for (at, change) in moments {
        set(&office, at);
        if let Some((_, credits, rollover)) = change {
            put(&office, "plan", *credits, *rollover).await;
        } else {
            let resumed = office.services[0].suspend(&office.operator, ACCOUNT, false);
            resumed.await.unwrap();
        }
    }
    office
        .clock
        .set(office.opening.now.plus_micros(100 * DAY_US));
    let cycle = |month: u32| Some(time(&format!("2026-{month:02}-01T00:00:00Z")));
    let right = [
        (cycle(2), "plan", 100),
        (cycle(3), "plan", 10),
        (cycle(3), "rollover", 100),
        (cycle(4), "plan", 30),
        // Of the 10 of March, under the cap that is in force when April begins.
        (cycle(4), "rollover", 10),
        (cycle(5), "plan", 40),
    ];
    let right = right.map(|(start, kind, credits)| (start, kind.to_owned(), credits));
    assert_eq!(grants(&office).await, right);
    office.renew(1).await;
    let resumed = office.services[0].suspend(&office.operator, ACCOUNT, false);
    resumed.await.unwrap();
    assert_eq!(grants(&office).await, right);
    office.healthy().await;
}

#[tokio::test]
async fn a_change_in_the_instant_in_which_a_cycle_begins_is_the_next_cycles() {
    let (looked, unseen) = (office().await, office().await);
    for office in [&looked, &unseen] {
        set(office, "2026-03-01T00:00:00Z");
    }
    assert_eq!(allocation(&looked).await, 200);
    for office in [&looked, &unseen] {
        put(office, "plan", 10, Some(500)).await;
        // All that was left of February is carried over.
        assert_eq!(allocation(office).await, 200);
    }
}

#[tokio::test]
async fn an_account_has_the_terms_in_force_when_it_came_to_be_or_moved() {
    let office = office().await;
    put(&office, "other", 300, None).await;
    put(&office, "other", 250, None).await;
    set(&office, "2026-02-15T00:00:00Z");
    put(&office, "plan", 10, None).await;
    // It moves to a larger plan and has the difference at once, by the newest terms.
    office
        .put_account(0, "other", OveragePolicy::HardStop)
        .await;
    assert_eq!(allocation(&office).await, 250);
    // The plan it left, and the one it has, change: its running cycle does not.
    put(&office, "other", 5, None).await;
    assert_eq!(allocation(&office).await, 250);
    // Back to the first plan, which is smaller now: nothing is taken away.
    office.put_account(0, "plan", OveragePolicy::HardStop).await;
    assert_eq!(allocation(&office).await, 250);
    set(&office, "2026-03-15T00:00:00Z");
    assert_eq!(allocation(&office).await, 10);
    office.healthy().await;
}

#[tokio::test]
async fn a_plan_says_since_when_its_terms_are_in_force_and_the_same_again_changes_nothing() {
    let office = office().await;
    let services = &office.services[0];
    let since = async || {
        services
            .plan_in_force(&office.operator, "plan")
            .await
            .unwrap()
    };
    assert_eq!(since().await.1, office.opening.now);
    set(&office, "2026-02-20T00:00:00Z");
    put(&office, "plan", 100, Some(500)).await;
    assert_eq!(since().await.1, office.opening.now);
    put(&office, "plan", 90, Some(500)).await;
    let (plan, changed) = since().await;
    assert_eq!(plan.monthly_credits, micro(90 * WHOLE));
    assert_eq!(changed, time("2026-02-20T00:00:00Z"));
}
