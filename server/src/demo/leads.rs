//! What the demo's usage brings in.

use domain::{
    Agent, Time,
    event::Envelope,
    lead::{LEAD_TYPE, LeadKind},
    time::SECOND_US,
};
use rand::{Rng as _, rngs::StdRng};
use serde_json::json;

/// How many conversations, calls and messages of each agent bring in something.
const CHANCES: [f64; 6] = [0.19, 0.12, 0.05, 0.08, 0.02, 0.0];
/// How many of those are bookings, and sales.
const BOOKINGS: f64 = 0.35;
const SALES: f64 = 0.12;
/// How long after the event it is reported, in seconds.
const LATER_S: std::ops::Range<i64> = 30..1_500;
/// What a booking and a sale are worth, in euros.
const BOOKING_EUR: std::ops::Range<i64> = 40..160;
const SALE_EUR: std::ops::Range<i64> = 120..900;

/// The lead that an event leads to, if it does, and when.
pub fn of(
    event: &Envelope,
    agent: Agent,
    time: Time,
    rng: &mut StdRng,
) -> Option<(Time, Envelope)> {
    if !rng.random_bool(CHANCES[usize::from(agent.index())]) {
        return None;
    }
    let chance: f64 = rng.random();
    let (kind, value) = if chance < SALES {
        (LeadKind::Sale, Some(rng.random_range(SALE_EUR)))
    } else if chance < SALES + BOOKINGS {
        (LeadKind::Booking, Some(rng.random_range(BOOKING_EUR)))
    } else {
        (LeadKind::Lead, None)
    };
    let reference = event.data.as_ref()?.pointer("/reference");
    let reference = reference.and_then(|reference| reference.as_str());
    let mut data = json!({ "agent": agent, "kind": kind, "reference": reference });
    if let Some(value) = value {
        data["value"] = json!(value);
        data["currency"] = json!("EUR");
    }
    let later = time.plus_micros(rng.random_range(LATER_S) * SECOND_US);
    let lead = Envelope {
        id: event.id.as_ref().map(|id| format!("lead-{id}")),
        source: Some("crm".to_owned()),
        kind: Some(LEAD_TYPE.to_owned()),
        time: Some(later.to_string()),
        data: Some(data.into()),
        ..event.clone()
    };
    Some((later, lead))
}
