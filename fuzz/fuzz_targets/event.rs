//! An event is refused with reasons, or taken within its bounds and the same when its content is sent again.
//!
//! The input is one JSON event, or two after each other, which then are compared.
#![no_main]

use domain::{
    Credits, FieldError, Json, Time,
    event::{
        AgeLimit, Charge, Envelope, MAX_METADATA_BYTES, MAX_NAME_BYTES, MAX_REFERENCE_BYTES,
        ParsedEvent, Payload, check_time,
    },
    ids::{KEY_MAX_CHARS, check_key, check_text},
    json::Object,
    lead::{LEAD_TYPE, MAX_WORTH_MICRO, Worth},
};
use libfuzzer_sys::fuzz_target;

/// The fields of a usage event in the order in which its content tells them.
const USAGE: [&str; 7] = [
    "agent",
    "activity",
    "credits",
    "quantity",
    "unit",
    "reference",
    "metadata",
];

fuzz_target!(|bytes: &[u8]| {
    let events: Vec<ParsedEvent> = serde_json::Deserializer::from_slice(bytes)
        .into_iter::<Envelope>()
        .map_while(Result::ok)
        .take(2)
        .filter_map(parse)
        .collect();
    for event in &events {
        bounded(event);
        survives(event);
    }
    if let [first, second] = events.as_slice() {
        compare(first, second);
    }
});

fn parse(envelope: Envelope) -> Option<ParsedEvent> {
    let parsed = ParsedEvent::parse(envelope.clone());
    assert_eq!(parsed, ParsedEvent::parse(envelope));
    match parsed {
        Ok(event) => Some(event),
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            errors.iter().for_each(told);
            None
        }
    }
}

fn told(error: &FieldError) {
    assert!(!error.field.is_empty());
    assert!(!error.reason.is_empty());
    assert!(!error.message.is_empty());
}

fn bounded(event: &ParsedEvent) {
    for name in [&event.source, &event.id, &event.kind, &event.company] {
        assert_eq!(check_text(name, MAX_NAME_BYTES), Ok(()));
    }
    if let Some(time) = event.time {
        timed(time);
    }
    match &event.payload {
        Payload::Foreign(data) => small(data),
        Payload::Usage {
            activity,
            charge,
            reference,
            metadata,
            ..
        } => {
            assert_eq!(check_key(activity), Ok(()));
            charged(charge);
            assert!(fits(reference.as_deref(), MAX_REFERENCE_BYTES));
            metadata.iter().for_each(small);
        }
        Payload::Lead {
            lead, reference, ..
        } => {
            assert!(fits(reference.as_deref(), MAX_REFERENCE_BYTES));
            lead.worth.iter().for_each(worth_something);
        }
    }
}

fn worth_something(worth: &Worth) {
    assert!((0..=MAX_WORTH_MICRO).contains(&worth.amount_micro));
    assert_eq!(worth.currency.len(), 3);
}

fn small(object: &Object) {
    let json = Json::Object(object.clone()).to_string();
    assert!(json.len() <= MAX_METADATA_BYTES);
}

fn fits(text: Option<&str>, max_bytes: usize) -> bool {
    text.is_none_or(|text| check_text(text, max_bytes).is_ok())
}

fn charged(charge: &Charge) {
    match charge {
        Charge::Credits(credits) => assert!(!credits.is_negative()),
        Charge::Quantity { quantity, unit } => {
            assert!(quantity.micro() >= 0);
            assert!(fits(unit.as_deref(), KEY_MAX_CHARS));
        }
    }
}

/// What is young enough for everybody is young enough for a backfill, whatever the clock says.
fn timed(time: Time) {
    assert_eq!(time.to_string().parse(), Ok(time));
    for now in [Time::MIN, Time::from_micros(0), time, Time::MAX] {
        let enforced = check_time(time, now, AgeLimit::Enforced);
        assert!(enforced.is_err() || check_time(time, now, AgeLimit::Lifted).is_ok());
    }
    assert_eq!(check_time(time, time, AgeLimit::Enforced), Ok(()));
}

fn survives(event: &ParsedEvent) {
    let again = ParsedEvent::parse(sent_again(event));
    let again = again.expect("what was taken once is taken again");
    assert_eq!(*event, again);
    assert_eq!(event.content(), again.content());
}

/// The event as its own content tells it, under the same name.
fn sent_again(event: &ParsedEvent) -> Envelope {
    let (content, faults) = Json::parse(&event.content()).expect("content is JSON");
    assert_eq!(faults, [], "content is told without fault");
    let Json::List(parts) = content else {
        panic!("content has parts");
    };
    let [kind, subject, time, payload] = parts.as_slice() else {
        panic!("content has four parts");
    };
    let time: Option<Time> = serde_json::from_str(&time.to_string()).expect("a time or none");
    let text = |part: &Json| part.as_str().map(str::to_owned);
    let data = match payload {
        Json::List(values) if kind.as_str() == Some(LEAD_TYPE) => lead_again(values),
        Json::List(values) => {
            let names = USAGE.into_iter().map(str::to_owned);
            Json::Object(names.zip(values.iter().cloned()).collect())
        }
        other => other.clone(),
    };
    Envelope {
        specversion: Some("1.0".to_owned()),
        id: Some(event.id.clone()),
        source: Some(event.source.clone()),
        kind: text(kind),
        subject: text(subject),
        time: time.map(|time| time.to_string()),
        data: Some(data),
        account: event.account.clone(),
        ..Envelope::default()
    }
}

/// What a lead says, from its content: who brought it in, what it is, its reference.
fn lead_again(values: &[Json]) -> Json {
    let [agent, lead, reference] = values else {
        panic!("a lead tells three things");
    };
    let part = |pointer: &str| lead.pointer(pointer).cloned().unwrap_or(Json::Null);
    let micro = part("/worth/amount_micro").to_string().parse().ok();
    let value = micro.map(|micro| Credits::from_micro(micro).to_string());
    let named = [
        ("agent", agent.clone()),
        ("kind", part("/kind")),
        ("reference", reference.clone()),
        ("value", value.map_or(Json::Null, Json::Text)),
        ("currency", part("/worth/currency")),
    ];
    Json::Object(named.map(|(name, value)| (name.to_owned(), value)).into())
}

/// Two events with one content are one event, but for how they are named.
fn compare(first: &ParsedEvent, second: &ParsedEvent) {
    if first.content() == second.content() {
        let renamed = ParsedEvent {
            source: first.source.clone(),
            id: first.id.clone(),
            account: first.account.clone(),
            ..second.clone()
        };
        assert_eq!(*first, renamed);
    }
}
