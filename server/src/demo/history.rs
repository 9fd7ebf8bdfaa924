//! Plausible usage, day by day: the same events for the same day, whenever they are made.

use domain::{
    Agent, Time, TimeRange,
    calendar::{Window, Zone},
    event::{Envelope, USAGE_TYPE},
    time::{DAY_US, HOUR_US},
};
use jiff::civil::Weekday;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    accounts::{DemoAccount, DemoCompany},
    leads,
};

/// Makes the demo's numbers its own, and always the same.
const SEED: u64 = 0x00c4_ed17_5c09;
/// Who reports each agent's usage.
const SOURCES: [&str; 6] = [
    "chat-gateway",
    "voice-gateway",
    "voice-gateway",
    "widget",
    "engage",
    "nox",
];

/// How busy each hour of a day is for chat: evenings too, few at night.
const CHAT_HOURS: [f64; 24] = [
    0.10, 0.06, 0.04, 0.03, 0.04, 0.08, 0.20, 0.45, 0.80, 1.00, 1.05, 1.00, 0.85, 0.95, 1.05, 1.00,
    0.95, 0.90, 0.85, 0.90, 0.85, 0.60, 0.40, 0.20,
];
/// How busy each hour is for calls: opening hours, with a lunch break.
const VOICE_HOURS: [f64; 24] = [
    0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 0.02, 0.25, 1.10, 1.50, 1.60, 1.40, 0.70, 1.10, 1.45, 1.40,
    1.10, 0.70, 0.20, 0.06, 0.04, 0.03, 0.02, 0.01,
];

/// How many calls end as soon as they began.
const SHORT_CALLS: f64 = 0.05;

/// Calls of a campaign, as a part of the account's usual events of a day, and how long they take.
const CAMPAIGN: f64 = 0.17;
const CAMPAIGN_US: i64 = 3 * HOUR_US / 2;

/// How many usage events history has in a range.
pub fn count(account: &DemoAccount, range: TimeRange) -> u64 {
    let is_usage = |event: &&Envelope| event.kind.as_deref() == Some(USAGE_TYPE);
    events(account, range).iter().filter(is_usage).count() as u64
}

/// The events of a range, oldest first.
pub fn events(account: &DemoAccount, range: TimeRange) -> Vec<Envelope> {
    let zone = Zone::named(account.zone).unwrap_or_else(|_| Zone::utc());
    let mut all = Vec::new();
    // What a day brings in may be reported on the next.
    let mut day = zone.day_of(range.start.plus_micros(-DAY_US));
    while day < range.end {
        all.extend(
            day_events(account, day, &zone)
                .into_iter()
                .filter(|(time, _)| range.contains(*time)),
        );
        day = Window::Day.next(day, &zone);
    }
    all.sort_by_key(|(time, _)| *time);
    all.into_iter().map(|(_, event)| event).collect()
}

fn day_events(account: &DemoAccount, day: Time, zone: &Zone) -> Vec<(Time, Envelope)> {
    let number = day.micros().div_euclid(24 * HOUR_US).unsigned_abs();
    let mut rng = StdRng::seed_from_u64(
        SEED ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(account.key.as_bytes()[0]),
    );
    let weekday = zone.at(day).weekday();
    // Days differ from one another, and business grows slowly.
    let mood = rng.random_range(0.86..1.14) * growth(number);
    let mut events = Vec::new();
    for company in account.companies {
        for agent in Agent::ALL {
            let share = company.agents[usize::from(agent.index())] * company.weight;
            let expected = account.events_a_day
                * share
                * week(agent, weekday)
                * mood
                * rng.random_range(0.8..1.2);
            let usual = whole(expected, &mut rng);
            let calls = whole(campaign(account, company, agent, number), &mut rng);
            for place in 0..usual + calls {
                let time = if place < usual {
                    at(agent, day, &mut rng)
                } else {
                    day.plus_micros(14 * HOUR_US + rng.random_range(0..CAMPAIGN_US))
                };
                let event = event(account, company, agent, time, &mut rng);
                events.extend(leads::of(&event, agent, time, &mut rng));
                events.push((time, event));
            }
        }
    }
    events
}

/// Calls of a campaign that a company runs one afternoon in six days, and tells nobody of: on another day of each week,
/// so that it is never usual.
fn campaign(account: &DemoAccount, company: &DemoCompany, agent: Agent, day_number: u64) -> f64 {
    let is_theirs = agent == Agent::VoiceOutbound && company.key == account.companies[1].key;
    if is_theirs && day_number % 6 == 3 {
        CAMPAIGN * account.events_a_day
    } else {
        0.0
    }
}

/// A slow rise of about a tenth over a quarter, repeating each year so that any date looks alike.
fn growth(day_number: u64) -> f64 {
    let day = u32::try_from(day_number % 365).unwrap_or(0);
    0.97 + 0.06 * (f64::from(day) / 365.0 * std::f64::consts::TAU).sin()
}

/// How busy a day of the week is.
fn week(agent: Agent, day: Weekday) -> f64 {
    match (agent, day) {
        (Agent::VoiceInbound | Agent::VoiceOutbound | Agent::Nox, Weekday::Sunday) => 0.06,
        (Agent::VoiceInbound | Agent::VoiceOutbound | Agent::Nox, Weekday::Saturday) => 0.25,
        (_, Weekday::Sunday) => 0.55,
        (_, Weekday::Saturday) => 0.70,
        (_, Weekday::Monday) => 1.12,
        (_, Weekday::Friday) => 0.95,
        _ => 1.0,
    }
}

/// Brings an expected count to a whole number, so that small ones are right on average.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "some thousands at most, never negative"
)]
fn whole(expected: f64, rng: &mut StdRng) -> u32 {
    expected.max(0.0).floor() as u32 + u32::from(rng.random_bool(expected.max(0.0).fract()))
}

/// A time of a day, by how busy its hours are.
fn at(agent: Agent, day: Time, rng: &mut StdRng) -> Time {
    let hours = if matches!(
        agent,
        Agent::VoiceInbound | Agent::VoiceOutbound | Agent::Nox
    ) {
        &VOICE_HOURS
    } else {
        &CHAT_HOURS
    };
    let mut left = rng.random_range(0.0..hours.iter().sum::<f64>());
    let mut hour = 0_i64;
    for busy in hours {
        if left < *busy {
            break;
        }
        left -= busy;
        hour += 1;
    }
    day.plus_micros(hour.min(23) * HOUR_US + rng.random_range(0..HOUR_US / 1_000) * 1_000)
}

/// One event of an agent.
pub fn event(
    account: &DemoAccount,
    company: &DemoCompany,
    agent: Agent,
    time: Time,
    rng: &mut StdRng,
) -> Envelope {
    let source = SOURCES[usize::from(agent.index())];
    Envelope {
        specversion: Some("1.0".to_owned()),
        id: Some(time_ordered_id(time, rng).to_string()),
        source: Some(source.to_owned()),
        kind: Some(USAGE_TYPE.to_owned()),
        subject: Some(company.key.to_owned()),
        time: Some(time.to_string()),
        data: Some(data(agent, rng)),
        account: Some(account.key.to_owned()),
        ..Envelope::default()
    }
}

fn time_ordered_id(time: Time, rng: &mut StdRng) -> Uuid {
    let millis = u64::try_from(time.micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &rng.random()).into_uuid()
}

fn data(agent: Agent, rng: &mut StdRng) -> Value {
    let reference: u32 = rng.random_range(0x0100..0xffff);
    match agent {
        Agent::Chat => {
            let tokens = skewed(220, 2_400, rng);
            json!({ "agent": agent, "activity": "chat_reply", "quantity": tokens, "unit": "token",
                    "reference": format!("conv_{reference:x}"), "metadata": { "model": "reply-2", "turn": rng.random_range(1..9) } })
        }
        Agent::VoiceInbound | Agent::VoiceOutbound | Agent::VoiceWeb => {
            let (least, most) = if agent == Agent::VoiceOutbound {
                (15, 420)
            } else {
                (30, 760)
            };
            let seconds = if rng.random_bool(SHORT_CALLS) {
                rng.random_range(2..10)
            } else {
                skewed(least, most, rng)
            };
            let activity = if rng.random_bool(0.06) {
                "voicemail"
            } else {
                "voice_call"
            };
            json!({ "agent": agent, "activity": activity, "quantity": seconds, "unit": "second",
                    "reference": format!("call_{reference:x}"), "metadata": { "duration_s": seconds } })
        }
        Agent::AutoTrigger => {
            json!({ "agent": agent, "activity": "proactive_message", "quantity": 1, "unit": "engagement",
                                      "reference": format!("visit_{reference:x}") })
        }
        Agent::Nox => {
            let tokens = skewed(300, 6_000, rng);
            let activity = if rng.random_bool(0.2) {
                "report"
            } else {
                "assistant_reply"
            };
            json!({ "agent": agent, "activity": activity, "quantity": tokens, "unit": "token",
                    "reference": format!("nox_{reference:x}") })
        }
    }
}

/// Mostly small, sometimes large.
#[expect(clippy::cast_possible_truncation, reason = "between two small bounds")]
fn skewed(least: i64, most: i64, rng: &mut StdRng) -> i64 {
    let position: f64 = rng.random::<f64>().powi(2);
    let span = i32::try_from(most - least).unwrap_or(0);
    least + (position * f64::from(span)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::accounts::ACCOUNTS;

    #[test]
    fn the_same_range_has_the_same_events_and_parts_make_the_whole() {
        let time = |text: &str| text.parse::<Time>().unwrap();
        let (start, middle, end) = (
            time("2026-10-24T11:00:00Z"),
            time("2026-10-26T09:30:00Z"),
            time("2026-10-27T15:00:00Z"),
        );
        let ids = |range| {
            events(&ACCOUNTS[0], range)
                .into_iter()
                .map(|event| event.id.unwrap())
                .collect::<Vec<_>>()
        };
        let whole = ids(TimeRange::new(start, end));
        assert_eq!(whole, ids(TimeRange::new(start, end)));
        assert_eq!(
            whole,
            [
                ids(TimeRange::new(start, middle)),
                ids(TimeRange::new(middle, end))
            ]
            .concat()
        );
        assert!(whole.len() > 3_000);
    }
}
