//! A rate card is refused with reasons, or prices exactly what it says; and it is the same after it was stored.
//!
//! The input is JSON values after each other: the rules, an event's data, and a number that serves as a quantity
//! and as a price.
#![no_main]

mod decimal;

use decimal::Decimal;
use domain::{
    Invalid, Json, Quantity, Time,
    credits::micro_of,
    ids::KEY_MAX_CHARS,
    json::Object,
    rate::{RateCard, RateRule, Rounding},
};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

/// Finer than this no price is.
const PRICE_DECIMALS: u64 = 12;
/// Prices count 10⁻¹² credits and quantities 10⁻⁶ units: so many products make a micro-credit.
const PRODUCT_PER_MICRO: i128 = 1_000_000_000_000;

fuzz_target!(|bytes: &[u8]| {
    let values: Vec<&RawValue> = serde_json::Deserializer::from_slice(bytes)
        .into_iter()
        .map_while(Result::ok)
        .take(3)
        .collect();
    let [rules, rest @ ..] = values.as_slice() else {
        return;
    };
    let data = rest.first().map_or("{}", |data| data.get());
    let number = rest.get(1).map_or("1", |number| number.get());
    written_as_number(number);
    if let Ok(rules) = serde_json::from_str::<Vec<RateRule>>(rules.get()) {
        let data = match serde_json::from_str(data) {
            Ok(Json::Object(data)) => data,
            _ => Object::new(),
        };
        let quantity = serde_json::from_str(number).unwrap_or_default();
        card(rules, &data, quantity);
    }
});

fn card(rules: Vec<RateRule>, data: &Object, quantity: Quantity) {
    checked(&rules);
    stored(&rules);
    for rule in &rules {
        priced(rule, quantity);
        if let Some(found) = pointed(rule, data) {
            priced(rule, found);
        }
    }
    matched(rules, data);
}

fn checked(rules: &[RateRule]) {
    let own = RateCard::check_rules(rules, false);
    let foreign = RateCard::check_rules(rules, true);
    assert!(
        own.is_ok() || foreign.is_err(),
        "more is asked of foreign events"
    );
    for refused in [&own, &foreign]
        .into_iter()
        .filter_map(|checked| checked.as_ref().err())
    {
        let Invalid(errors) = refused;
        assert!(!errors.is_empty(), "refused without a reason");
        assert!(errors.iter().all(|error| error.field.starts_with("rules")));
    }
    if own.is_ok() {
        assert!(!rules.is_empty());
        assert!(rules.iter().all(|rule| rule.decimals <= 6));
        assert!(
            rules
                .iter()
                .all(|rule| (1..=KEY_MAX_CHARS).contains(&rule.unit.len()))
        );
    }
}

fn stored(rules: &[RateRule]) {
    let text = serde_json::to_string(rules).expect("rules are written");
    let again: Vec<RateRule> = serde_json::from_str(&text).expect("what was stored is read");
    assert_eq!(rules, again);
}

/// The quantity that a rule points at, as an event of another type is read.
fn pointed(rule: &RateRule, data: &Object) -> Option<Quantity> {
    let data = Json::Object(data.clone());
    let found = data.pointer(rule.quantity.as_deref()?)?;
    micro_of(found).ok().map(Quantity::from_micro)
}

fn matched(rules: Vec<RateRule>, data: &Object) {
    let fits = |rule: &&RateRule| {
        let mut wanted = rule.matches.iter();
        wanted.all(|(key, value)| data.get(key) == Some(&Json::from(value.clone())))
    };
    let first = rules.iter().find(fits).cloned();
    let card = RateCard {
        event_type: "fuzz".to_owned(),
        version: 1,
        effective_at: Time::MIN,
        rules,
    };
    assert_eq!(card.rule_for(data), first.as_ref());
    assert!(RateCard::in_force(std::slice::from_ref(&card), Time::MIN).is_some());
}

/// Holds a price against the exact product, in 10⁻¹⁸ credits.
fn priced(rule: &RateRule, quantity: Quantity) {
    let price = rule.price(quantity);
    if quantity.micro() < 0 {
        return; // Refused before it gets here; it must only not panic.
    }
    let step = 10_i128.pow(18 - u32::from(rule.decimals.min(6)));
    let exact = unit_price(rule).checked_mul(i128::from(quantity.micro()));
    match (price, exact) {
        (Ok(credits), Some(exact)) => {
            let charged = i128::from(credits.micro()) * PRODUCT_PER_MICRO;
            assert_eq!(charged % step, 0, "finer than the rule's decimals");
            rounded(rule.rounding, charged - exact, step);
        }
        (Ok(_), None) => panic!("priced what cannot be counted"),
        (Err(message), exact) => {
            assert!(!message.is_empty());
            assert!(exact.is_none_or(|exact| hopeless(rule, exact, step)));
        }
    }
}

/// What one unit costs, in 10⁻¹² credits, read from the price as it is written.
fn unit_price(rule: &RateRule) -> i128 {
    let text = price_text(rule);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<12}")
        .parse()
        .expect("a price is digits")
}

fn price_text(rule: &RateRule) -> String {
    let price = serde_json::to_value(rule.credits_per_unit).expect("a price is written");
    price.as_str().expect("a price is a text").to_owned()
}

fn rounded(rounding: Rounding, over: i128, step: i128) {
    match rounding {
        Rounding::Exact => assert_eq!(over, 0),
        Rounding::Up => assert!((0..step).contains(&over)),
        Rounding::HalfUp => assert!(-step < over * 2 && over * 2 <= step),
    }
}

/// Whether there is no price: past the largest amount, or with something over where nothing may be.
fn hopeless(rule: &RateRule, exact: i128, step: i128) -> bool {
    let largest = i128::from(i64::MAX) * PRODUCT_PER_MICRO;
    exact > largest - step || (rule.rounding == Rounding::Exact && exact % step != 0)
}

/// A price that came as a JSON number is the one that was written, unless that is finer than any price.
fn written_as_number(number: &str) {
    let rule = format!(r#"{{"unit": "x", "credits_per_unit": {number}}}"#);
    let Ok(rule) = serde_json::from_str::<RateRule>(&rule) else {
        return;
    };
    let written = Decimal::read(number.trim_matches('"')).expect("only a decimal is a price");
    if written.decimals() <= PRICE_DECIMALS {
        assert_eq!(Some(written), Decimal::read(&price_text(&rule)));
    }
}
