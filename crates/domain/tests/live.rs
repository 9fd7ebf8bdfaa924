//! Applying deltas gives what reading again would give, however the events were cut into deltas.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{
    Agent, Credits, Seq, Time, TimeRange,
    ledger::{Balance, BooksView},
    live::{Applied, Delta, UsageChange},
    tenancy::AccountKind,
    usage::{
        AccountView, AgentUsage, Bar, CompanyName, CycleDay, CycleView, Dashboard, PeriodView,
        Totals, Whose,
    },
};
use proptest::prelude::*;

/// One tick is a slot: these dashboards have no finer edges.
const CYCLE: (i64, i64) = (100, 130);
const PERIOD: (i64, i64) = (110, 150);
const PREVIOUS: (i64, i64) = (70, 110);
const DAY: i64 = 5;

/// What the one company looked at may use in the cycle.
const BUDGET: i64 = 700;

/// Who looks at what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Viewer {
    /// Someone who sees the account, at all of it.
    Account,
    /// Someone who sees the account, at one company.
    Company,
    /// A client, at the one company that they may see.
    Client,
}

impl Viewer {
    fn whose(self) -> Whose {
        match self {
            Self::Account => Whose::Account,
            Self::Company | Self::Client => Whose::Company(CompanyName {
                key: "acme".into(),
                name: "Acme Dental".into(),
            }),
        }
    }

    /// Whether an event belongs to what is looked at.
    fn looks_at(self, event: &Event) -> bool {
        self == Self::Account || event.is_selected
    }
}

#[derive(Debug, Clone, Copy)]
struct Event {
    slot: i64,
    agent: Agent,
    credits: i64,
    /// Whether it belongs to the selected companies.
    is_selected: bool,
    /// Whether the activity and reference filters let it through.
    matches: bool,
}

fn time(tick: i64) -> Time {
    Time::from_micros(tick)
}

fn range((start, end): (i64, i64)) -> TimeRange {
    TimeRange::new(time(start), time(end))
}

fn tiles((start, end): (i64, i64)) -> Vec<TimeRange> {
    let count = (end - start) / DAY;
    (0..count)
        .map(|number| range((start + number * DAY, start + (number + 1) * DAY)))
        .collect()
}

fn totals<'a>(events: impl Iterator<Item = &'a Event>) -> Totals {
    let mut sum = Totals::default();
    for event in events {
        let credits = Credits::from_micro(event.credits);
        sum.add(Totals { credits, events: 1 });
    }
    sum
}

/// The dashboard before anything is stored.
fn blank() -> Dashboard {
    Dashboard {
        as_of: Seq::ZERO,
        now: time(125),
        year: 1970,
        account: AccountView {
            key: "north".into(),
            name: "Northwind".into(),
            kind: AccountKind::Agency,
            time_zone: "UTC".into(),
            shown_zone: "UTC".into(),
            companies: 2,
            plan: "Scale".into(),
            reconciled: None,
            complete: None,
        },
        whose: Whose::Account,
        cycle: CycleView {
            range: range(CYCLE),
            is_over: false,
            label: String::new(),
            day: 1,
            days: 6,
            resets_on: String::new(),
            resets_in: String::new(),
            ended_on: String::new(),
        },
        books: books(&[], Viewer::Client),
        cycle_used: Credits::ZERO,
        cycle_days: vec![],
        companies: vec![],
        period: PeriodView {
            range: range(PERIOD),
            previous: range(PREVIOUS),
            label: String::new(),
            compared: domain::filter::Comparison::default(),
            compared_with: String::new(),
            uncompared: None,
            first_label: String::new(),
            last_label: String::new(),
        },
        bars: vec![],
        agents: vec![],
        selected_agents: vec![],
        activities: vec![],
    }
}

fn bar(range: TimeRange) -> Bar {
    Bar {
        range,
        label: String::new(),
        from: String::new(),
        to: String::new(),
    }
}

/// The books after these events, each of which changed them.
fn books(events: &[Event], viewer: Viewer) -> BooksView {
    let in_cycle = events
        .iter()
        .filter(|event| range(CYCLE).contains(time(event.slot)));
    let (allocation, used) = (Credits::from_micro(1_000), totals(in_cycle.clone()).credits);
    let own = totals(in_cycle.filter(|event| viewer.looks_at(event))).credits;
    let budget = Balance::of_budget(Credits::from_micro(BUDGET), own, Credits::ZERO);
    let balance = Balance {
        allocation,
        used,
        remaining: allocation.saturating_sub(used).max(Credits::ZERO),
        overage: used.saturating_sub(allocation).max(Credits::ZERO),
        ..Balance::EMPTY
    };
    BooksView {
        version: i64::try_from(events.len()).unwrap(),
        billing: 0,
        balance: (viewer != Viewer::Client).then_some(balance),
        budget: (viewer != Viewer::Account).then_some(budget),
        ended: None,
        reserved: Credits::ZERO,
        holds: vec![],
        is_stopped: balance.is_stopped(),
        is_suspended: false,
    }
}

/// The dashboard as it would be read when these events are stored.
fn read(events: &[Event], viewer: Viewer) -> Dashboard {
    let within = |range: TimeRange| {
        events
            .iter()
            .filter(move |event| range.contains(time(event.slot)))
    };
    let of_agent =
        |agent, range| {
            totals(within(range).filter(move |event| {
                event.agent == agent && viewer.looks_at(event) && event.matches
            }))
        };
    let selected = |range| totals(within(range).filter(|event| viewer.looks_at(event))).credits;
    let day = |range| CycleDay {
        range,
        label: String::new(),
        credits: selected(range),
    };
    let card = |agent| AgentUsage {
        agent,
        current: of_agent(agent, range(PERIOD)),
        previous: of_agent(agent, range(PREVIOUS)),
        bars: tiles(PERIOD)
            .into_iter()
            .map(|bar| of_agent(agent, bar))
            .collect(),
    };
    Dashboard {
        as_of: Seq(i64::try_from(events.len()).unwrap()),
        whose: viewer.whose(),
        books: books(events, viewer),
        cycle_used: selected(range(CYCLE)),
        cycle_days: tiles(CYCLE).into_iter().map(day).collect(),
        bars: tiles(PERIOD).into_iter().map(bar).collect(),
        agents: Agent::ALL.into_iter().map(card).collect(),
        ..blank()
    }
}

/// What the server would send for the events after one place and up to another.
fn delta(events: &[Event], after: usize, up_to: usize, viewer: Viewer) -> Delta {
    let new = &events[after..up_to];
    let place = |count| Seq(i64::try_from(count).unwrap());
    let usage = |event: &Event| UsageChange {
        slot: time(event.slot),
        agent: event.agent,
        matches: event.matches,
        added: totals([*event].iter()),
    };
    Delta {
        uncompared: None,
        after: place(after),
        up_to: place(up_to),
        usage: new
            .iter()
            .filter(|event| viewer.looks_at(event))
            .map(usage)
            .collect(),
        books: books(&events[..up_to], viewer),
        reversed: vec![],
        rows: vec![],
        activities: Vec::new(),
        rows_left_out: 0,
    }
}

prop_compose! {
    fn any_event()(
        slot in 60_i64..160,
        agent in prop::sample::select(Agent::ALL.as_slice()),
        credits in 0_i64..1_000,
        is_selected: bool,
        matches: bool,
    ) -> Event {
        Event { slot, agent, credits, is_selected, matches }
    }
}

fn viewers() -> impl Strategy<Value = Viewer> {
    prop::sample::select(&[Viewer::Account, Viewer::Company, Viewer::Client][..])
}

proptest! {
    #[test]
    fn any_cut_of_the_events_into_deltas_gives_the_dashboard_that_reading_gives(
        events in prop::collection::vec(any_event(), 1..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        viewer in viewers(),
    ) {
        let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(events.len() + 1)).chain([events.len()]).collect();
        places.sort_unstable();
        places.dedup();
        let start = places[0];
        let mut dashboard = read(&events[..start], viewer);
        for pair in places.windows(2) {
            let delta = delta(&events, pair[0], pair[1], viewer);
            prop_assert_eq!(dashboard.apply(&delta), Applied::Yes);
            // Once more is no change.
            prop_assert_eq!(dashboard.apply(&delta), Applied::Stale);
        }
        let in_cycle = |event: &&Event| range(CYCLE).contains(time(event.slot));
        let own = totals(events.iter().filter(in_cycle).filter(|event| viewer.looks_at(event)));
        prop_assert_eq!(dashboard.used(), own.credits);
        let limit = dashboard.measure().map(|balance| balance.allocation.micro());
        prop_assert_eq!(limit, Some(if viewer == Viewer::Account { 1_000 } else { BUDGET }));
        let stops = dashboard.facts().state().is_stopped();
        let account = totals(events.iter().filter(in_cycle)).credits.micro();
        prop_assert_eq!(stops, account >= 1_000 || Some(own.credits.micro()) >= limit);
        prop_assert_eq!(dashboard, read(&events, viewer));
    }

    #[test]
    fn a_delta_that_is_late_or_early_changes_nothing(
        events in prop::collection::vec(any_event(), 3..20),
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
    ) {
        let (at, from) = (at.index(events.len() - 1), from.index(events.len()));
        prop_assume!(at != from);
        let mut dashboard = read(&events[..at], Viewer::Account);
        let late = delta(&events, 0, at, Viewer::Account);
        let elsewhere = delta(&events, from, events.len(), Viewer::Account);
        prop_assert_eq!(dashboard.apply(&late), Applied::Stale);
        prop_assert_eq!(dashboard.apply(&elsewhere), Applied::Gap);
        prop_assert_eq!(dashboard, read(&events[..at], Viewer::Account));
    }
}

#[test]
fn books_that_changed_without_an_event_are_applied_once() {
    let mut dashboard = read(&[], Viewer::Account);
    let mut bought = delta(&[], 0, 0, Viewer::Account);
    bought.books.version += 1;
    bought.books.is_suspended = true;
    assert_eq!(dashboard.apply(&bought), Applied::Yes);
    assert_eq!(dashboard.books, bought.books);
    assert_eq!(dashboard.apply(&bought), Applied::Stale);
}

#[test]
fn the_agents_of_a_dashboard_add_up_to_what_is_listed() {
    let event = |agent, credits| Event {
        slot: 120,
        agent,
        credits,
        is_selected: true,
        matches: true,
    };
    let mut dashboard = read(
        &[
            event(Agent::Chat, 5),
            event(Agent::Nox, 7),
            event(Agent::Nox, 1),
        ],
        Viewer::Account,
    );
    assert_eq!(dashboard.listed(), dashboard.all_agents());
    dashboard.selected_agents = vec![Agent::Nox];
    assert_eq!(
        dashboard.listed(),
        Totals {
            credits: Credits::from_micro(8),
            events: 2
        }
    );
    assert_eq!(
        dashboard.all_agents(),
        Totals {
            credits: Credits::from_micro(13),
            events: 3
        }
    );
}
