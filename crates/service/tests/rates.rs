//! Rate cards: versions, what they price, and how events of other types become usage.

use domain::{Agent, rate::RateRule};
use rstest::rstest;
use serde_json::{Value, json};
use service::ServiceError;

use crate::support::world::{NOW, World, credits, time, usage, wrong, wrongs};

async fn put_rates(world: &World, event_type: &str, effective_at: &str, rules: Value) {
    let rules: Vec<RateRule> = serde_json::from_value(rules).unwrap();
    world
        .services
        .put_rate_card(&world.operator, event_type, time(effective_at), &rules)
        .await
        .unwrap();
}

fn of_type(kind: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": "f1", "source": "llm", "type": kind, "subject": "acme", "time": NOW, "data": data})
}

fn metered(quantity: &Value, unit: Option<&str>) -> Value {
    let mut event = usage("m1", "acme", NOW, "0");
    event["data"] =
        json!({"agent": "chat", "activity": "chat_reply", "quantity": quantity, "unit": unit});
    event
}

#[tokio::test]
async fn a_quantity_is_priced_by_the_card_in_force_at_its_time() {
    let world = World::new().await;
    let price = |price: &str| json!([{"unit": "token", "credits_per_unit": price, "rounding": "up", "decimals": 3}]);
    put_rates(
        &world,
        "creditscope.usage",
        "2026-11-01T00:00:00Z",
        price("0.001"),
    )
    .await;
    put_rates(
        &world,
        "creditscope.usage",
        "2026-11-20T00:00:00Z",
        price("0.0021"),
    )
    .await;
    let mut before = metered(&json!(418), Some("token"));
    before["time"] = json!("2026-11-19T23:59:59Z");
    before["id"] = json!("m0");
    world
        .ingest(vec![before, metered(&json!("418"), None)])
        .await
        .unwrap();
    let state = world.store.state();
    let priced: Vec<_> = state
        .events
        .iter()
        .map(|event| {
            (
                event.new.credits,
                event.new.rate_version,
                event.new.unit.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        priced,
        [
            (credits("0.418"), Some(1), Some("token")),
            (credits("0.878"), Some(2), Some("token"))
        ]
    );
}

#[tokio::test]
async fn a_later_price_does_not_make_a_retry_a_conflict() {
    let world = World::new().await;
    let rules = |price: &str| json!([{"unit": "token", "credits_per_unit": price}]);
    put_rates(
        &world,
        "creditscope.usage",
        "2026-11-01T00:00:00Z",
        rules("0.001"),
    )
    .await;
    world.ingest(vec![metered(&json!(1), None)]).await.unwrap();
    put_rates(
        &world,
        "creditscope.usage",
        "2026-11-01T00:00:00Z",
        rules("0.002"),
    )
    .await;
    assert_eq!(
        world
            .ingest(vec![metered(&json!(1), None)])
            .await
            .unwrap()
            .duplicates,
        1
    );
    assert_eq!(world.store.state().events[0].new.credits, credits("0.001"));
}

#[tokio::test]
async fn the_first_rule_that_fits_prices_and_another_unit_is_refused() {
    let world = World::new().await;
    let rules = json!([
        {"match": {"agent": "nox"}, "unit": "reply", "credits_per_unit": "9"},
        {"match": {"activity": "chat_reply"}, "unit": "reply", "credits_per_unit": "2"},
        {"unit": "reply", "credits_per_unit": "5"}
    ]);
    put_rates(&world, "creditscope.usage", "2026-11-01T00:00:00Z", rules).await;
    world.ingest(vec![metered(&json!(3), None)]).await.unwrap();
    assert_eq!(world.store.state().events[0].new.credits, credits("6"));
    let mut other = metered(&json!(3), Some("token"));
    other["id"] = json!("m2");
    assert_eq!(
        wrong(world.ingest(vec![other]).await),
        ("data.unit".to_owned(), "unit_mismatch".to_owned())
    );
}

#[tokio::test]
async fn what_no_rate_prices_is_refused() {
    let world = World::new().await;
    assert_eq!(
        wrong(world.ingest(vec![metered(&json!(1), None)]).await),
        ("data.quantity".to_owned(), "no_rate".to_owned())
    );
    assert_eq!(
        wrong(
            world
                .ingest(vec![of_type("llm.completion", &json!({}))])
                .await
        ),
        ("type".to_owned(), "no_rate".to_owned())
    );
    // A card that begins later does not price what was before it.
    put_rates(
        &world,
        "creditscope.usage",
        "2026-11-24T00:00:00Z",
        json!([{"unit": "token", "credits_per_unit": "1"}]),
    )
    .await;
    assert_eq!(
        wrong(world.ingest(vec![metered(&json!(1), None)]).await).1,
        "no_rate"
    );
    // A price that does not come out exact is nobody's to round.
    put_rates(
        &world,
        "creditscope.usage",
        "2026-11-01T00:00:00Z",
        json!([{"unit": "token", "credits_per_unit": "0.0000001"}]),
    )
    .await;
    assert_eq!(
        wrong(world.ingest(vec![metered(&json!(1), None)]).await),
        ("data.quantity".to_owned(), "invalid".to_owned())
    );
}

const COMPLETION: &str = "llm.completion";

async fn world_with_completions() -> World {
    let world = World::new().await;
    let rules = json!([{
        "match": {"model": "large"}, "agent": "nox", "activity": "assistant_reply", "quantity": "/usage/a~1b/0",
        "unit": "token", "credits_per_unit": "0.001", "rounding": "half_up", "decimals": 2
    }]);
    put_rates(&world, COMPLETION, "2026-11-01T00:00:00Z", rules).await;
    world
}

#[tokio::test]
async fn an_event_of_another_type_becomes_usage_by_its_rate_card() {
    let world = world_with_completions().await;
    let data = json!({"model": "large", "reference": "conv_7", "usage": {"a/b": [1_255]}});
    world
        .ingest(vec![of_type(COMPLETION, &data)])
        .await
        .unwrap();
    let state = world.store.state();
    let stored = &state.events[0].new;
    assert_eq!(
        (stored.agent, stored.activity.as_str(), stored.kind.as_str()),
        (Agent::Nox, "assistant_reply", COMPLETION)
    );
    assert_eq!(
        (stored.credits, stored.reference.as_deref()),
        (credits("1.26"), Some("conv_7"))
    );
    assert_eq!(
        serde_json::from_str::<Value>(stored.metadata.as_deref().unwrap()).unwrap(),
        data
    );
}

#[rstest]
#[case(json!({"model": "small"}), "type", "no_rate")]
#[case(json!({"model": "large"}), "data.usage.a~1b.0", "required")]
#[case(json!({"model": "large", "usage": {"a/b": ["many"]}}), "data.usage.a~1b.0", "invalid")]
#[case(json!({"model": "large", "usage": {"a/b": [-1]}}), "data.usage.a~1b.0", "negative")]
#[tokio::test]
async fn an_event_of_another_type_must_hold_what_its_rate_card_reads(
    #[case] data: Value,
    #[case] field: &str,
    #[case] reason: &str,
) {
    let world = world_with_completions().await;
    assert_eq!(
        wrong(world.ingest(vec![of_type(COMPLETION, &data)]).await),
        (field.to_owned(), reason.to_owned())
    );
}

#[tokio::test]
async fn a_reference_that_a_row_cannot_show_is_left_out_of_it() {
    let world = world_with_completions().await;
    let data = json!({"model": "large", "reference": "line\nbreak", "usage": {"a/b": [1]}});
    world
        .ingest(vec![of_type(COMPLETION, &data)])
        .await
        .unwrap();
    assert_eq!(world.store.state().events[0].new.reference, None);
}

#[tokio::test]
async fn rate_cards_are_versions_and_the_same_again_is_none() {
    let world = World::new().await;
    let rules = |price: &str| {
        serde_json::from_value::<Vec<RateRule>>(
            json!([{"unit": "token", "credits_per_unit": price}]),
        )
        .unwrap()
    };
    let put = async |price| {
        let put = world
            .services
            .put_rate_card(
                &world.operator,
                "creditscope.usage",
                time(NOW),
                &rules(price),
            )
            .await
            .unwrap();
        (put.value.version, put.created)
    };
    assert_eq!(
        [put("1").await, put("1").await, put("2").await],
        [(1, true), (1, false), (2, true)]
    );
    let versions = world
        .services
        .rate_card(&world.operator, "creditscope.usage")
        .await
        .unwrap();
    assert_eq!(
        versions.iter().map(|card| card.version).collect::<Vec<_>>(),
        [2, 1]
    );
    assert_eq!(
        world
            .services
            .rate_card_types(&world.operator, None, 50)
            .await
            .unwrap(),
        ["creditscope.usage"]
    );
    assert!(matches!(
        world.services.rate_card(&world.operator, "other").await,
        Err(ServiceError::NotFound)
    ));
}

#[tokio::test]
async fn a_rate_card_of_another_type_must_say_what_its_events_are() {
    let world = World::new().await;
    let rules: Vec<RateRule> =
        serde_json::from_value(json!([{"unit": "token", "credits_per_unit": "1"}])).unwrap();
    let answer = world
        .services
        .put_rate_card(&world.operator, "llm.completion", time(NOW), &rules)
        .await;
    let fields: Vec<_> = wrongs(answer)
        .into_iter()
        .map(|(_, field, _)| field)
        .collect();
    assert_eq!(
        fields,
        ["rules[0].agent", "rules[0].activity", "rules[0].quantity"]
    );
}
