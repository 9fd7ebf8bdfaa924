//! What is a usage event and what is not, and when two sendings are the same event.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{
    Agent, Credits, Json, Quantity, Time,
    event::{
        AgeLimit, Charge, Envelope, MAX_AGE_US, MAX_AHEAD_US, MAX_METADATA_BYTES, MAX_NAME_BYTES,
        ParsedEvent, Payload, check_time,
    },
    json::object,
};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

fn event() -> Value {
    json!({
        "specversion": "1.0", "id": "e1", "source": "gw", "type": "creditscope.usage", "subject": "acme",
        "time": "2026-11-23T14:03:10.25Z",
        "data": {
            "agent": "voice_inbound", "activity": "voice_call", "credits": "3.75",
            "reference": "call_81f", "metadata": {"seconds": 225, "queue": "recall"}
        }
    })
}

/// An event with one value replaced; `null` takes it away.
fn with(pointer: &str, value: Value) -> Value {
    let mut event = event();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let object = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        object.remove(key);
    } else {
        object.insert(key.to_owned(), value);
    }
    event
}

fn parse(event: Value) -> Result<ParsedEvent, Vec<(String, String)>> {
    let envelope: Envelope = serde_json::from_value(event).unwrap();
    ParsedEvent::parse(envelope).map_err(|errors| {
        errors
            .into_iter()
            .map(|error| (error.field, error.reason))
            .collect()
    })
}

#[test]
fn a_usage_event_is_read_whole() {
    let parsed = parse(event()).unwrap();
    assert_eq!(
        (
            parsed.id.as_str(),
            parsed.source.as_str(),
            parsed.company.as_str()
        ),
        ("e1", "gw", "acme")
    );
    assert_eq!(
        parsed.time.map(|time| time.to_string()).as_deref(),
        Some("2026-11-23T14:03:10.25Z")
    );
    let Payload::Usage {
        agent,
        activity,
        charge,
        reference,
        metadata,
    } = parsed.payload
    else {
        panic!("not usage")
    };
    assert_eq!(
        (agent, activity.as_str()),
        (Agent::VoiceInbound, "voice_call")
    );
    assert_eq!(charge, Charge::Credits(Credits::from_micro(3_750_000)));
    assert_eq!(reference.as_deref(), Some("call_81f"));
    assert_eq!(
        metadata.map(Json::Object),
        Some(json!({"seconds": 225, "queue": "recall"}).into())
    );
}

#[test]
fn an_event_may_carry_a_quantity_and_leave_out_what_is_optional() {
    let parsed = parse(json!({
        "specversion": "1.0", "id": "e1", "source": "gw", "type": "creditscope.usage", "subject": "acme",
        "data": {"agent": "chat", "activity": "chat_reply", "quantity": 418, "unit": "token", "reference": null, "metadata": null}
    }));
    let parsed = parsed.unwrap();
    assert_eq!(parsed.time, None);
    let Payload::Usage {
        charge,
        reference,
        metadata,
        ..
    } = parsed.payload
    else {
        panic!("not usage")
    };
    assert_eq!(
        charge,
        Charge::Quantity {
            quantity: Quantity::from_whole(418).unwrap(),
            unit: Some("token".into())
        }
    );
    assert_eq!((reference, metadata), (None, None));
}

#[test]
fn an_event_of_another_type_keeps_its_payload_for_the_rate_card() {
    let parsed = parse(json!({
        "specversion": "1.0", "id": "e1", "source": "llm", "type": "llm.completion", "subject": "acme", "account": "north",
        "data": {"total_tokens": 418, "anything": ["goes"]}
    }));
    let parsed = parsed.unwrap();
    assert_eq!(parsed.account.as_deref(), Some("north"));
    assert_eq!(
        parsed.payload,
        Payload::Foreign(object(
            json!({"total_tokens": 418, "anything": ["goes"]})
                .as_object()
                .unwrap()
                .clone()
        ))
    );
}

#[rstest]
#[case("/specversion", Value::Null, "specversion", "required")]
#[case("/specversion", json!("0.3"), "specversion", "invalid")]
#[case("/id", Value::Null, "id", "required")]
#[case("/id", json!(""), "id", "invalid")]
#[case("/id", json!("x".repeat(MAX_NAME_BYTES + 1)), "id", "invalid")]
#[case("/id", json!("line\nbreak"), "id", "invalid")]
#[case("/source", Value::Null, "source", "required")]
#[case("/source", json!("é".repeat(MAX_NAME_BYTES / 2 + 1)), "source", "invalid")]
#[case("/type", Value::Null, "type", "required")]
#[case("/subject", Value::Null, "subject", "required")]
#[case("/subject", json!("\u{0}"), "subject", "invalid")]
#[case("/time", json!("yesterday"), "time", "invalid")]
#[case("/time", json!("2026-11-23T14:03:10"), "time", "invalid")]
#[case("/time", json!("2026-02-30T00:00:00Z"), "time", "invalid")]
#[case("/datacontenttype", json!("text/xml"), "datacontenttype", "invalid")]
#[case("/data_base64", json!("aGk="), "data_base64", "invalid")]
#[case("/data", Value::Null, "data", "required")]
#[case("/data", json!([1]), "data", "invalid")]
#[case("/data/agent", Value::Null, "data.agent", "required")]
#[case("/data/agent", json!("robot"), "data.agent", "unknown_agent")]
#[case("/data/agent", json!(1), "data.agent", "unknown_agent")]
#[case("/data/activity", Value::Null, "data.activity", "required")]
#[case("/data/activity", json!("voice call"), "data.activity", "invalid")]
#[case("/data/activity", json!("x".repeat(65)), "data.activity", "invalid")]
#[case("/data/activity", json!(7), "data.activity", "invalid")]
#[case("/data/credits", Value::Null, "data.credits", "required")]
#[case("/data/credits", json!("-1"), "data.credits", "negative")]
#[case("/data/credits", json!("0.0000001"), "data.credits", "invalid")]
#[case("/data/credits", json!(1e20), "data.credits", "out_of_range")]
#[case("/data/credits", json!(true), "data.credits", "invalid")]
#[case("/data/quantity", json!(5), "data.quantity", "invalid")]
#[case("/data/unit", json!("token"), "data.unit", "invalid")]
#[case("/data/reference", json!(81), "data.reference", "invalid")]
#[case("/data/reference", json!("x".repeat(256)), "data.reference", "invalid")]
#[case("/data/reference", json!("tab\there"), "data.reference", "invalid")]
#[case("/data/metadata", json!("text"), "data.metadata", "invalid")]
#[case("/data/metadata", json!({"note": "x".repeat(MAX_METADATA_BYTES)}), "data.metadata", "invalid")]
#[case("/data/colour", json!("red"), "data.colour", "unknown_field")]
fn one_thing_wrong_is_named_with_its_field_and_reason(
    #[case] pointer: &str,
    #[case] value: Value,
    #[case] field: &str,
    #[case] reason: &str,
) {
    assert_eq!(
        parse(with(pointer, value)),
        Err(vec![(field.to_owned(), reason.to_owned())])
    );
}

#[rstest]
#[case(json!({"quantity": "-1"}), "data.quantity", "negative")]
#[case(json!({"quantity": "many"}), "data.quantity", "invalid")]
#[case(json!({"quantity": 1, "unit": 5}), "data.unit", "invalid")]
#[case(json!({"quantity": 1, "unit": "x".repeat(65)}), "data.unit", "invalid")]
fn a_quantity_is_checked_too(#[case] charge: Value, #[case] field: &str, #[case] reason: &str) {
    let mut event = with("/data/credits", Value::Null);
    event["data"]
        .as_object_mut()
        .unwrap()
        .extend(charge.as_object().unwrap().clone());
    assert_eq!(
        parse(event),
        Err(vec![(field.to_owned(), reason.to_owned())])
    );
}

#[test]
fn everything_wrong_with_an_event_is_told_at_once() {
    let errors = parse(json!({"id": "", "type": "creditscope.usage", "time": "now", "data": {"agent": "robot", "credits": -1}})).unwrap_err();
    let fields: Vec<_> = errors.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "specversion",
            "id",
            "source",
            "subject",
            "time",
            "data.agent",
            "data.activity",
            "data.credits"
        ]
    );
}

#[test]
fn the_payload_of_another_type_is_bounded_like_metadata() {
    let event = json!({
        "specversion": "1.0", "id": "e1", "source": "llm", "type": "llm.completion", "subject": "acme",
        "data": {"prompt": "x".repeat(MAX_METADATA_BYTES)}
    });
    assert_eq!(
        parse(event),
        Err(vec![("data".to_owned(), "invalid".to_owned())])
    );
}

#[rstest]
#[case("application/json")]
#[case("application/json; charset=utf-8")]
#[case("Application/JSON")]
#[case("application/vnd.acme+json")]
fn json_has_many_names(#[case] name: &str) {
    assert!(parse(with("/datacontenttype", json!(name))).is_ok());
}

#[rstest]
#[case("/time", json!("2026-11-23T15:03:10.250+01:00"))]
#[case("/data/credits", json!(3.75))]
#[case("/data/credits", json!("3.7500"))]
#[case("/data/metadata", json!({"queue": "recall", "seconds": 225}))]
#[case("/account", json!("north"))]
#[case("/id", json!("another name"))]
fn the_same_content_said_differently_is_the_same(#[case] pointer: &str, #[case] value: Value) {
    assert_eq!(
        parse(with(pointer, value)).unwrap().content(),
        parse(event()).unwrap().content()
    );
}

#[rstest]
#[case("/type", json!("other.type"))]
#[case("/subject", json!("lakeside"))]
#[case("/time", json!("2026-11-23T14:03:10.250001Z"))]
#[case("/time", Value::Null)]
#[case("/data/agent", json!("voice_web"))]
#[case("/data/activity", json!("voice_calls"))]
#[case("/data/credits", json!("3.750001"))]
#[case("/data/reference", json!("call_81g"))]
#[case("/data/reference", Value::Null)]
#[case("/data/metadata", json!({"seconds": 226, "queue": "recall"}))]
#[case("/data/metadata", json!({"seconds": "225", "queue": "recall"}))]
#[case("/data/metadata", Value::Null)]
fn any_other_content_is_different(#[case] pointer: &str, #[case] value: Value) {
    assert_ne!(
        parse(with(pointer, value)).unwrap().content(),
        parse(event()).unwrap().content()
    );
}

fn with_metadata(number: &str) -> ParsedEvent {
    let text = event().to_string().replace("225", number);
    ParsedEvent::parse(serde_json::from_str(&text).unwrap()).unwrap()
}

#[test]
fn a_number_in_metadata_keeps_all_its_digits() {
    let id = "12345678901234567890123456789";
    let Payload::Usage { metadata, .. } = with_metadata(id).payload else {
        panic!("not usage")
    };
    let written = Json::Object(metadata.unwrap()).to_string();
    assert!(written.contains(id), "{written}");
    let other = with_metadata("12345678901234567890123456788");
    assert_ne!(with_metadata(id).content(), other.content());
    assert_eq!(with_metadata(id).rounded_content(), other.rounded_content());
    assert_eq!(
        with_metadata(&format!("{id}.0")).content(),
        with_metadata(id).content()
    );
}

#[test]
fn what_a_double_carries_has_the_content_it_always_had() {
    let event = with_metadata("2.50");
    assert_eq!(event.rounded_content(), None);
    assert_eq!(
        event.content(),
        r#"["creditscope.usage","acme",1795442590250000,["voice_inbound","voice_call","3.75",null,null,"call_81f",{"queue":"recall","seconds":2.5}]]"#
    );
}

#[test]
fn credits_are_not_a_quantity_of_the_same_number() {
    let mut quantity = with("/data/credits", Value::Null);
    quantity["data"]["quantity"] = json!("3.75");
    assert_ne!(
        parse(quantity).unwrap().content(),
        parse(event()).unwrap().content()
    );
}

#[rstest]
#[case(MAX_AHEAD_US, AgeLimit::Enforced, None)]
#[case(MAX_AHEAD_US + 1, AgeLimit::Enforced, Some("time_in_future"))]
#[case(MAX_AHEAD_US + 1, AgeLimit::Lifted, Some("time_in_future"))]
#[case(-MAX_AGE_US, AgeLimit::Enforced, None)]
#[case(-MAX_AGE_US - 1, AgeLimit::Enforced, Some("time_too_old"))]
#[case(-MAX_AGE_US - 1, AgeLimit::Lifted, None)]
fn a_time_lies_within_35_days_back_and_5_minutes_ahead(
    #[case] offset: i64,
    #[case] age: AgeLimit,
    #[case] reason: Option<&str>,
) {
    let now: Time = "2026-11-23T12:00:00Z".parse().unwrap();
    let checked = check_time(now.plus_micros(offset), now, age).map_err(|error| error.reason);
    assert_eq!(checked.err().as_deref(), reason);
}

proptest! {
    #[test]
    fn no_payload_makes_parsing_panic(text in "\\PC{0,40}", number: f64, micro: i64) {
        for value in [json!(text), json!(number), json!(micro), json!([text]), json!({text.clone(): number})] {
            for pointer in ["/data", "/data/agent", "/data/activity", "/data/credits", "/data/quantity", "/data/unit", "/data/reference", "/data/metadata"] {
                let _ = parse(with(pointer, value.clone()));
            }
        }
        let _ = parse(with("/time", json!(text)));
    }
}
