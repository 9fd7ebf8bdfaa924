//! Totals over all accounts equal the sum of the events.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    AccountId, Agent, Credits, Time, TimeRange,
    time::{DAY_US, HOUR_US},
    usage::Totals,
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use service::ports::{
    Expected, NewEvent, PlatformCell, PlatformGrain, PlatformGroupBy, PlatformKey, PutAccount,
    Span, SpanUse,
};

use super::{
    backend::Backend,
    model::sketches,
    world::{NOW, World, plan, put_account},
};

const GROUPS: [PlatformGroupBy; 4] = [
    PlatformGroupBy::All,
    PlatformGroupBy::Agent,
    PlatformGroupBy::Activity,
    PlatformGroupBy::Plan,
];

fn floor(time: Time, width_us: i64) -> Time {
    Time::from_micros(time.micros() - time.micros().rem_euclid(width_us))
}

fn days(from: i64, to: i64) -> TimeRange {
    let day = |count: i64| floor(NOW, DAY_US).plus_micros(count * DAY_US);
    TimeRange::new(day(from), day(to))
}

fn one(event: &NewEvent) -> Totals {
    Totals {
        credits: event.credits,
        events: 1,
    }
}

/// Events of two accounts of two plans, over sixty days; the plan stands beside each.
async fn used(world: &World) -> Vec<(NewEvent, &'static str)> {
    world
        .store
        .put_plan(&plan("small"), &Expected::Any, NOW)
        .await
        .unwrap();
    let other = PutAccount {
        plan: "small".to_owned(),
        ..put_account("south")
    };
    world
        .store
        .put_account(&other, &[], &Expected::Any, NOW)
        .await
        .unwrap();
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    for spread in [-40, -20, -9, -1, 0] {
        let drawn = sketches(60..61).new_tree(&mut runner).unwrap().current();
        for (number, event) in world.drawn(&drawn).into_iter().enumerate() {
            let event = NewEvent {
                id: format!("{spread}/{}", event.id),
                ..world.event_at(event.fingerprint, event.time.plus_micros(spread * DAY_US))
            };
            let event = NewEvent {
                agent: Agent::ALL[number % 4],
                credits: Credits::from_micro(i64::try_from(number).unwrap() * 1_000_003),
                ..event
            };
            all.push((world.in_other(&event), "small"));
            if number % 3 > 0 {
                all.push((event, "growth"));
            }
        }
    }
    world
        .add(all.iter().map(|(event, _)| event.clone()).collect())
        .await;
    all
}

fn cells(
    events: &[(NewEvent, &str)],
    range: TimeRange,
    width_us: i64,
    group_by: PlatformGroupBy,
) -> Vec<PlatformCell> {
    let mut cells: BTreeMap<(Time, PlatformKey), Totals> = BTreeMap::new();
    for (event, plan) in events
        .iter()
        .filter(|(event, _)| range.contains(event.time))
    {
        let key = match group_by {
            PlatformGroupBy::All => PlatformKey::All,
            PlatformGroupBy::Agent => PlatformKey::Agent(event.agent),
            PlatformGroupBy::Activity => PlatformKey::Activity(event.activity.clone()),
            PlatformGroupBy::Plan => PlatformKey::Plan((*plan).to_owned()),
        };
        let start = floor(event.time, width_us);
        cells.entry((start, key)).or_default().add(one(event));
    }
    cells
        .into_iter()
        .map(|((start, key), totals)| PlatformCell { start, key, totals })
        .collect()
}

pub async fn totals_over_all_accounts_equal_the_events(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let events = used(&world).await;
    let mut snapshot = world.store.snapshot().await.unwrap();
    for range in [days(-60, 10), days(-10, 0), days(3, 4)] {
        for group_by in GROUPS {
            for (grain, width_us) in [(PlatformGrain::Hour, HOUR_US), (PlatformGrain::Day, DAY_US)]
            {
                let found = snapshot.platform_cells(&[], range, grain, group_by);
                let mut found = found.await.unwrap();
                found.sort_by(|a, b| (a.start, &a.key).cmp(&(b.start, &b.key)));
                assert_eq!(
                    found,
                    cells(&events, range, width_us, group_by),
                    "{grain:?} {group_by:?}"
                );
            }
        }
    }
    let small: Vec<_> = events
        .iter()
        .filter(|(_, plan)| *plan == "small")
        .cloned()
        .collect();
    let found = snapshot
        .platform_cells(
            &["small".to_owned()],
            days(-60, 10),
            PlatformGrain::Day,
            PlatformGroupBy::All,
        )
        .await
        .unwrap();
    assert_eq!(
        found,
        cells(&small, days(-60, 10), DAY_US, PlatformGroupBy::All)
    );
    world.healthy().await;
}

fn uses(events: &[(NewEvent, &str)], spans: &[Span]) -> Vec<SpanUse> {
    let mut uses: BTreeMap<(Time, AccountId, &str), SpanUse> = BTreeMap::new();
    for (event, plan) in events {
        let mut spans = spans.iter();
        let Some(span) = spans.find(|span| span.range().contains(event.time)) else {
            continue;
        };
        let key = (span.start(), event.account, *plan);
        let entry = uses.entry(key).or_insert(SpanUse {
            span: *span,
            account: event.account,
            plan: (*plan).to_owned(),
            totals: Totals::default(),
            agents: [false; 6],
        });
        entry.totals.add(one(event));
        entry.agents[usize::from(event.agent.index())] = true;
    }
    uses.into_values().collect()
}

pub async fn what_accounts_used_equals_the_events_for_any_days(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let events = used(&world).await;
    let mut snapshot = world.store.snapshot().await.unwrap();
    for (from, length) in [(-60, 70), (-10, 7), (-29, 30), (-1, 1), (-3, 18), (20, 9)] {
        let spans = Span::tile(days(from, from + length));
        let found = snapshot.span_uses(&spans).await.unwrap();
        assert_eq!(found, uses(&events, &spans), "{from} {length}");
    }
    assert!(snapshot.span_uses(&[]).await.unwrap().is_empty());
    let asked = [world.other.id];
    let found = snapshot
        .account_days(&asked, &[], days(-60, 10))
        .await
        .unwrap();
    let right = cells(
        &events
            .iter()
            .filter(|(event, _)| event.account == world.other.id)
            .cloned()
            .collect::<Vec<_>>(),
        days(-60, 10),
        DAY_US,
        PlatformGroupBy::All,
    );
    let found: Vec<_> = found.iter().map(|day| (day.start, day.totals)).collect();
    let right: Vec<_> = right.iter().map(|cell| (cell.start, cell.totals)).collect();
    assert_eq!(found, right);
    let none = snapshot
        .account_days(&asked, &["growth".to_owned()], days(-60, 10))
        .await;
    assert!(none.unwrap().is_empty());
}

pub async fn an_account_runs_out_once_a_cycle_and_early_news_move_it(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let costly = |number: i64, minutes: i64| NewEvent {
        credits: Credits::from_whole(6_000).unwrap(),
        ..world.event_at(number, NOW.plus_micros(minutes * 60_000_000))
    };
    world.add(vec![costly(1, 0)]).await;
    let mut snapshot = world.store.snapshot().await.unwrap();
    assert_eq!(snapshot.run_outs(&[], days(-40, 10)).await.unwrap(), []);
    world.add(vec![costly(2, 10), costly(3, 20)]).await;
    // What happened before and is told later.
    world.add(vec![costly(4, 5)]).await;
    let mut snapshot = world.store.snapshot().await.unwrap();
    let found = snapshot.run_outs(&[], days(-40, 10)).await.unwrap();
    let at: Vec<_> = found
        .iter()
        .map(|run_out| (run_out.account, run_out.at))
        .collect();
    assert_eq!(at, [(world.account.id, NOW.plus_micros(5 * 60_000_000))]);
    assert_eq!(found[0].cycle_start, world.cycles.at(NOW).range.start);
    let of_others = snapshot
        .run_outs(&["small".to_owned()], days(-40, 10))
        .await;
    assert!(of_others.unwrap().is_empty());
}
