//! Spikes put into usage whose truth is known: how many are found, how many are found that are none, and who is blamed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use domain::{
    Agent, CompanyId, Credits, Time, TimeRange,
    calendar::Zone,
    forecast::Use,
    spike::{Cause, Hours, Part, Slot, Spike, explain},
    time::{DAY_US, HOUR_US},
};
use rstest::rstest;

/// A Monday.
const MONDAY: &str = "2026-08-03T00:00:00Z";
/// The thresholds were chosen with the seeds below.
const FIRST_SEED: u64 = 10_000;
const SEEDS: u64 = 1_000;
/// The weeks before the one that is looked at.
const PAST_WEEKS: i64 = 6;
const HOURS_A_WEEK: i64 = 168;
const AGENTS: [(Agent, &str); 4] = [
    (Agent::Chat, "chat_reply"),
    (Agent::VoiceInbound, "voice_call"),
    (Agent::VoiceOutbound, "voice_call"),
    (Agent::Nox, "report"),
];
const COMPANIES: usize = 3;
const CELLS: usize = COMPANIES * AGENTS.len();

/// Numbers that look random and are the same every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[expect(clippy::cast_precision_loss, reason = "a number from 0 to 1")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn within(&mut self, least: f64, most: f64) -> f64 {
        least + self.unit() * (most - least)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(count).unwrap()).unwrap()
    }

    /// About normal: a sum of uniform numbers.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

fn monday() -> Time {
    MONDAY.parse().unwrap()
}

fn hour(number: i64) -> Time {
    monday().plus_micros(number * HOUR_US)
}

/// What an hour of a week uses of an average one: office hours for calls, longer ones for chat, little at weekends.
fn habit(agent: Agent, hour_of_week: i64) -> f64 {
    let (day, hour) = (hour_of_week / 24, hour_of_week % 24);
    let of_day = match agent {
        Agent::Chat => match hour {
            8..22 => 1.5,
            6 | 7 | 22 | 23 => 0.5,
            _ => 0.1,
        },
        _ => match hour {
            9..18 => 2.4,
            8 | 18 => 0.8,
            _ => 0.02,
        },
    };
    if day >= 5 { of_day * 0.35 } else { of_day }
}

/// A spike that was put in.
#[derive(Debug, Clone, Copy)]
struct Truth {
    range: TimeRange,
    cell: usize,
}

/// An account: what each cell used in each hour, and the spikes in its last week.
struct Account {
    used: Vec<[i64; CELLS]>,
    truth: Vec<Truth>,
}

#[expect(clippy::cast_possible_truncation, reason = "small amounts")]
fn account(seed: u64) -> Account {
    let mut dice = Dice(seed);
    let weights: Vec<f64> = (0..CELLS).map(|_| dice.within(0.2, 3.0)).collect();
    let noise = dice.within(0.1, 0.6);
    let growth = dice.within(-0.02, 0.04);
    let hours = (PAST_WEEKS + 1) * HOURS_A_WEEK;
    let mut used = Vec::new();
    for number in 0..hours {
        let mut row = [0; CELLS];
        let week = f64::from(i32::try_from(number / HOURS_A_WEEK).unwrap());
        for (cell, amount) in row.iter_mut().enumerate() {
            let agent = AGENTS[cell % AGENTS.len()].0;
            let level = weights[cell] * habit(agent, number % HOURS_A_WEEK) * (1.0 + growth * week);
            let factor = (noise * dice.normal()).exp();
            *amount = (level * factor * 1_000_000.0) as i64;
        }
        used.push(row);
    }
    // What an average hour of the account uses.
    let average = weights.iter().sum::<f64>();
    let mut truth: Vec<Truth> = Vec::new();
    for _ in 0..dice.below(4) {
        let start = i64::try_from(dice.below(160)).unwrap() + PAST_WEEKS * HOURS_A_WEEK;
        let length = i64::try_from(dice.below(5)).unwrap() + 1;
        let (cell, size) = (dice.below(CELLS), dice.within(0.8, 5.0));
        let bystander = if dice.below(2) == 0 {
            0.0
        } else {
            dice.within(0.1, 0.9)
        };
        let range = TimeRange::new(hour(start), hour(start + length));
        let is_near = |other: &Truth| {
            range.start.micros_since(other.range.end) < 12 * HOUR_US
                && other.range.start.micros_since(range.end) < 12 * HOUR_US
        };
        if truth.iter().any(is_near) {
            continue;
        }
        for number in start..start + length {
            let more = size * average * dice.within(0.8, 1.2) * 1_000_000.0;
            let row = &mut used[usize::try_from(number).unwrap()];
            row[cell] += more as i64;
            // Somebody else is busy at the same time, if less so.
            row[(cell + 5) % CELLS] += (more * bystander) as i64;
        }
        truth.push(Truth { range, cell });
    }
    Account { used, truth }
}

impl Account {
    fn uses(&self) -> Vec<Use> {
        let rows = self.used.iter().enumerate();
        rows.map(|(number, row)| Use {
            start: hour(i64::try_from(number).unwrap()),
            credits: Credits::from_micro(row.iter().sum()),
        })
        .collect()
    }

    fn parts(&self, slots: &[Slot]) -> Vec<Part> {
        let wanted = slots
            .iter()
            .flat_map(|slot| slot.before.iter().chain([&slot.start]));
        let mut parts = Vec::new();
        for start in wanted {
            let number = start.micros_since(monday()) / HOUR_US;
            let row = &self.used[usize::try_from(number).unwrap()];
            for (cell, micro) in row.iter().enumerate() {
                let (agent, activity) = AGENTS[cell % AGENTS.len()];
                parts.push(Part {
                    company: company(cell),
                    agent,
                    activity: activity.to_owned(),
                    start: *start,
                    credits: Credits::from_micro(*micro),
                });
            }
        }
        parts
    }
}

fn company(cell: usize) -> CompanyId {
    CompanyId(i64::try_from(cell / AGENTS.len()).unwrap())
}

fn last_week() -> TimeRange {
    TimeRange::new(
        hour(PAST_WEEKS * HOURS_A_WEEK),
        hour((PAST_WEEKS + 1) * HOURS_A_WEEK),
    )
}

fn overlap(one: TimeRange, other: TimeRange) -> bool {
    one.start < other.end && other.start < one.end
}

fn is_of(cause: &Cause, cell: usize) -> bool {
    cause.company == company(cell) && cause.agent == AGENTS[cell % AGENTS.len()].0
}

/// What is told of a spike adds up.
fn check(spike: &Spike, slots: &[Slot], account: &Account, causes: &[Cause]) {
    let used: i64 = slots
        .iter()
        .map(|slot| {
            let number = slot.start.micros_since(monday()) / HOUR_US;
            account.used[usize::try_from(number).unwrap()]
                .iter()
                .sum::<i64>()
        })
        .sum();
    assert_eq!(spike.used.micro(), used);
    let of_causes: i64 = causes.iter().map(|cause| cause.used.micro()).sum();
    assert_eq!(of_causes, used);
    for cause in causes {
        let by_hour: i64 = cause.hours.iter().map(|(_, excess)| excess.micro()).sum();
        assert_eq!(cause.excess().micro(), by_hour);
    }
}

#[test]
fn spikes_are_found_and_their_cause_is_named_first() {
    let (mut injected, mut found, mut told, mut right, mut blamed) = (0, 0, 0, 0, 0);
    for seed in FIRST_SEED..FIRST_SEED + SEEDS {
        let account = account(seed);
        let hours = Hours::new(&account.uses(), &Zone::utc()).unwrap();
        let spikes = hours.spikes(last_week()).unwrap();
        injected += account.truth.len();
        told += spikes.len();
        for truth in &account.truth {
            let hit = spikes
                .iter()
                .find(|spike| overlap(spike.range, truth.range));
            found += usize::from(hit.is_some());
        }
        for spike in &spikes {
            let truth = account
                .truth
                .iter()
                .find(|truth| overlap(spike.range, truth.range));
            let Some(truth) = truth else { continue };
            right += 1;
            let slots = hours.slots(spike.range);
            let causes = explain(&account.parts(&slots), &slots);
            check(spike, &slots, &account, &causes);
            blamed += usize::from(is_of(&causes[0], truth.cell));
        }
    }
    let percent = |part: usize, whole: usize| {
        #[expect(clippy::cast_precision_loss, reason = "some thousands at most")]
        let percent = 100.0 * part as f64 / whole as f64;
        percent
    };
    let (recall, precision) = (percent(found, injected), percent(right, told));
    let first = percent(blamed, right);
    println!(
        "{SEEDS} seeds from {FIRST_SEED}: {injected} spikes put in, {told} told; recall {recall:.1} %, precision {precision:.1} %, true cause first {first:.1} %"
    );
    assert!(recall >= 90.0 && precision >= 90.0, "{recall} {precision}");
    assert!(first >= 95.0, "{first}");
}

fn flat(hours: i64, credits: i64) -> Vec<Use> {
    (0..hours)
        .map(|number| Use {
            start: hour(number),
            credits: Credits::from_whole(credits).unwrap(),
        })
        .collect()
}

#[test]
fn with_less_than_two_weeks_nothing_is_said() {
    let uses = flat(2 * HOURS_A_WEEK, 5);
    let hours = Hours::new(&uses, &Zone::utc()).unwrap();
    let second = TimeRange::new(hour(HOURS_A_WEEK), hour(2 * HOURS_A_WEEK));
    assert_eq!(hours.spikes(second), None);
    let third = TimeRange::new(hour(2 * HOURS_A_WEEK), hour(3 * HOURS_A_WEEK));
    assert_eq!(hours.spikes(third), Some(vec![]));
    assert!(Hours::new(&[], &Zone::utc()).is_none());
}

#[rstest]
#[case::in_a_row(&[0, 1, 2], &[(0, 3)])]
#[case::with_a_pause_in_the_cool_down(&[0, 3], &[(0, 4)])]
#[case::with_a_longer_pause(&[0, 4], &[(0, 1), (4, 5)])]
fn hours_that_are_near_are_one_spike(#[case] high: &[i64], #[case] expected: &[(i64, i64)]) {
    let mut uses = flat(4 * HOURS_A_WEEK, 5);
    let start = 3 * HOURS_A_WEEK + 30;
    for offset in high {
        let at = usize::try_from(start + offset).unwrap();
        uses[at].credits = Credits::from_whole(50).unwrap();
    }
    let hours = Hours::new(&uses, &Zone::utc()).unwrap();
    let week = TimeRange::new(hour(3 * HOURS_A_WEEK), hour(4 * HOURS_A_WEEK));
    let found: Vec<_> = hours
        .spikes(week)
        .unwrap()
        .iter()
        .map(|spike| (spike.range.start, spike.range.end))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(from, to)| (hour(start + from), hour(start + to)))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_happened_once_does_not_make_the_same_hour_usual() {
    let mut uses = flat(6 * HOURS_A_WEEK, 5);
    for week in [2, 5] {
        let at = usize::try_from(week * HOURS_A_WEEK + 10).unwrap();
        uses[at].credits = Credits::from_whole(80).unwrap();
    }
    let hours = Hours::new(&uses, &Zone::utc()).unwrap();
    let week = TimeRange::new(hour(5 * HOURS_A_WEEK), hour(6 * HOURS_A_WEEK));
    let spikes = hours.spikes(week).unwrap();
    assert_eq!(spikes.len(), 1);
    assert_eq!(spikes[0].expected, Credits::from_whole(5).unwrap());
    assert_eq!(spikes[0].excess(), Credits::from_whole(75).unwrap());
}

#[test]
fn an_hour_is_held_against_the_same_hour_of_the_clocks() {
    // Clocks in Berlin go back on 25 October 2026; the shop opens at nine by them.
    let zone = Zone::named("Europe/Berlin").unwrap();
    let first: Time = "2026-09-27T22:00:00Z".parse().unwrap();
    let mut uses = Vec::new();
    let mut day = first;
    while day < "2026-11-08T00:00:00Z".parse().unwrap() {
        let start = domain::calendar::Window::Day.next(day, &zone);
        let nine = day.plus_micros(9 * HOUR_US);
        uses.push(Use {
            start: nine,
            credits: Credits::from_whole(100).unwrap(),
        });
        day = start;
    }
    let hours = Hours::new(&uses, &zone).unwrap();
    let after = TimeRange::new(
        "2026-10-26T00:00:00Z".parse().unwrap(),
        "2026-11-07T00:00:00Z".parse().unwrap(),
    );
    assert_eq!(hours.spikes(after), Some(vec![]));
    let slot = &hours.slots(TimeRange::new(after.start, after.start.plus_micros(DAY_US)))[8];
    let apart: BTreeMap<_, _> = [(slot.start, slot.before[0])].into();
    let (now, before) = apart.first_key_value().unwrap();
    assert_eq!(now.micros_since(*before), 7 * DAY_US + HOUR_US);
}
