//! What an event of the demo says.

use domain::{
    Agent, Time,
    event::{Envelope, USAGE_TYPE},
};
use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who reports each agent's usage.
const SOURCES: [&str; 6] = [
    "chat-gateway",
    "voice-gateway",
    "voice-gateway",
    "widget",
    "engage",
    "nox",
];
/// How many calls end as soon as they began.
const SHORT_CALLS: f64 = 0.05;

/// One event of an agent, by the keys of the account and the company.
pub fn of(
    (account, company): (&str, &str),
    agent: Agent,
    time: Time,
    data: Value,
    rng: &mut StdRng,
) -> Envelope {
    let source = SOURCES[usize::from(agent.index())];
    Envelope {
        specversion: Some("1.0".to_owned()),
        id: Some(time_ordered_id(time, rng).to_string()),
        source: Some(source.to_owned()),
        kind: Some(USAGE_TYPE.to_owned()),
        subject: Some(company.to_owned()),
        time: Some(time.to_string()),
        data: Some(data.into()),
        account: Some(account.to_owned()),
        ..Envelope::default()
    }
}

fn time_ordered_id(time: Time, rng: &mut StdRng) -> Uuid {
    let millis = u64::try_from(time.micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &rng.random()).into_uuid()
}

/// What is reported of something an agent did; of a turn of a conversation where it has some.
pub fn data(agent: Agent, reference: u32, turn: u32, rng: &mut StdRng) -> Value {
    match agent {
        Agent::Chat => {
            let tokens = skewed(220, 2_400, rng);
            json!({ "agent": agent, "activity": "chat_reply", "quantity": tokens, "unit": "token",
                    "reference": format!("conv_{reference:x}"), "metadata": { "model": "reply-2", "turn": turn } })
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
