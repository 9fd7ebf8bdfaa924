//! Rate cards: what a metered quantity costs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Agent, Credits, FieldError, Json, Quantity, ids::check_key, json::Object};

/// How a price is brought to a number of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Away from zero whenever anything is left over.
    Up,
    /// To the nearest, halves away from zero.
    HalfUp,
    /// Nothing may be left over.
    #[default]
    Exact,
}

impl Rounding {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::HalfUp => "half_up",
            Self::Exact => "exact",
        }
    }
}

/// Price of one unit, held as whole 10⁻¹² credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitPrice(i128);

const PRICE_DECIMALS: usize = 12;
/// Below this every decimal of twelve places is told apart by a double, so a JSON number is exact.
const EXACT_DOUBLE: f64 = 1e3;
/// 10⁻¹² credits per unit × 10⁻⁶ units = 10⁻¹⁸ credits; this many make a micro-credit.
const PRODUCT_PER_MICRO: i128 = 1_000_000_000_000;

impl UnitPrice {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits_only = whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 9 || fraction.len() > PRICE_DECIMALS || !digits_only {
            return None;
        }
        format!("{whole}{fraction:0<PRICE_DECIMALS$}")
            .parse()
            .ok()
            .map(Self)
    }
}

impl Serialize for UnitPrice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let scale = 10_i128.pow(12);
        let digits = format!("{}.{:012}", self.0 / scale, self.0 % scale);
        serializer.serialize_str(digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl<'de> Deserialize<'de> for UnitPrice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) if number.is_f64() => {
                let price = number.as_f64().unwrap_or(f64::NAN);
                if price >= EXACT_DOUBLE {
                    return Err(serde::de::Error::custom(
                        "is too large for an exact JSON number: send it as a decimal string",
                    ));
                }
                // Not the number's own text, which has an exponent when it is small.
                price.to_string()
            }
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "must be a decimal of at most 12 decimals, not negative, such as \"0.001\"",
            )
        })
    }
}

/// One line of a rate card. The first rule that matches prices an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRule {
    /// Fields of the event's `data` that must have these values.
    #[serde(default, rename = "match")]
    pub matches: Map<String, Value>,
    /// The agent a foreign event is booked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
    /// The activity a foreign event is booked as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// JSON Pointer (RFC 6901) into a foreign event's `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// What is counted.
    pub unit: String,
    /// Credits for one unit.
    pub credits_per_unit: UnitPrice,
    /// How the price is rounded.
    #[serde(default)]
    pub rounding: Rounding,
    /// To how many decimals, 0 to 6.
    #[serde(default = "six")]
    pub decimals: u8,
}

const fn six() -> u8 {
    6
}

/// A version of the rate card of one event type. Versions are never changed, only followed by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateCard {
    /// The event type it prices.
    pub event_type: String,
    /// 1, 2, 3 … in the order they were stored.
    pub version: u32,
    /// Events from this time on.
    pub effective_at: crate::Time,
    /// First match wins.
    pub rules: Vec<RateRule>,
}

/// What a rate card makes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// The price.
    pub credits: Credits,
    /// The quantity that was priced.
    pub quantity: Quantity,
    /// What was counted.
    pub unit: String,
    /// Which version priced it.
    pub version: u32,
    /// How it was rounded.
    pub rounding: Rounding,
}

impl RateCard {
    /// The version in force at `time`: the latest effective one, the later stored on a tie.
    pub fn in_force(cards: &[Self], time: crate::Time) -> Option<&Self> {
        cards
            .iter()
            .filter(|card| card.effective_at <= time)
            .max_by_key(|card| (card.effective_at, card.version))
    }

    /// The first rule whose `match` fits an event's data.
    pub fn rule_for(&self, data: &Object) -> Option<&RateRule> {
        self.rules.iter().find(|rule| {
            rule.matches
                .iter()
                .all(|(key, value)| data.get(key) == Some(&Json::from(value.clone())))
        })
    }

    /// Checks the rules of a new version.
    ///
    /// # Errors
    /// Everything that is wrong, by rule.
    pub fn check_rules(rules: &[RateRule], foreign: bool) -> Result<(), crate::Invalid> {
        let mut errors = Vec::new();
        if rules.is_empty() {
            errors.push(FieldError::new(
                "rules",
                "required",
                "must hold at least one rule",
            ));
        }
        for (index, rule) in rules.iter().enumerate() {
            rule.check(&format!("rules[{index}]"), foreign, &mut errors);
        }
        crate::Invalid::refuse(errors)
    }
}

impl RateRule {
    fn check(&self, at: &str, foreign: bool, errors: &mut Vec<FieldError>) {
        if self.decimals > 6 {
            errors.push(FieldError::invalid(
                format!("{at}.decimals"),
                "must be 0 to 6",
            ));
        }
        if self.unit.is_empty() || self.unit.len() > crate::ids::KEY_MAX_CHARS {
            errors.push(FieldError::invalid(
                format!("{at}.unit"),
                "must be a text of 1 to 64 bytes",
            ));
        }
        if let Some(Err(rule)) = self.activity.as_deref().map(check_key) {
            errors.push(FieldError::invalid(format!("{at}.activity"), rule));
        }
        if self
            .quantity
            .as_ref()
            .is_some_and(|pointer| !pointer.starts_with('/'))
        {
            errors.push(FieldError::invalid(
                format!("{at}.quantity"),
                "must be a JSON Pointer such as /total_tokens",
            ));
        }
        if foreign {
            let missing = [
                ("agent", self.agent.is_none()),
                ("activity", self.activity.is_none()),
                ("quantity", self.quantity.is_none()),
            ];
            for (field, _) in missing.iter().filter(|(_, is_missing)| *is_missing) {
                errors.push(FieldError::new(
                    format!("{at}.{field}"),
                    "required",
                    "is needed to map events of another type",
                ));
            }
        }
    }

    /// What `quantity` costs.
    ///
    /// # Errors
    /// When the price is too large, or `exact` rounding leaves something over.
    pub fn price(&self, quantity: Quantity) -> Result<Credits, &'static str> {
        let product = i128::from(quantity.micro())
            .checked_mul(self.credits_per_unit.0)
            .ok_or("costs more credits than can be counted")?;
        let step = PRODUCT_PER_MICRO * 10_i128.pow(u32::from(6 - self.decimals.min(6)));
        let (steps, rest) = (product / step, product % step);
        let rounded = match self.rounding {
            Rounding::Exact if rest != 0 => {
                return Err("does not come out exact at the rate card's decimals");
            }
            Rounding::Exact => steps,
            Rounding::Up => steps + i128::from(rest > 0),
            Rounding::HalfUp => steps + i128::from(rest * 2 >= step),
        };
        rounded
            .checked_mul(step / PRODUCT_PER_MICRO)
            .and_then(Credits::from_wide)
            .ok_or("costs more credits than can be counted")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn rule(price: &str, rounding: Rounding, decimals: u8) -> RateRule {
        serde_json::from_value(serde_json::json!({
            "unit": "token", "credits_per_unit": price, "rounding": rounding, "decimals": decimals
        }))
        .unwrap()
    }

    #[rstest]
    #[case("0.001", Rounding::Up, 3, 418, "0.418")]
    #[case("0.0011", Rounding::Up, 3, 1, "0.002")]
    #[case("0.0015", Rounding::HalfUp, 3, 1, "0.002")]
    #[case("0.0014", Rounding::HalfUp, 3, 1, "0.001")]
    #[case("0.000000000001", Rounding::Up, 6, 1, "0.000001")]
    #[case("1", Rounding::Exact, 0, 7, "7")]
    #[case("0.5", Rounding::Up, 0, 0, "0")]
    fn prices_a_quantity(
        #[case] price: &str,
        #[case] rounding: Rounding,
        #[case] decimals: u8,
        #[case] units: i64,
        #[case] credits: &str,
    ) {
        let quantity = Quantity::from_whole(units).unwrap();
        assert_eq!(
            rule(price, rounding, decimals).price(quantity),
            Ok(credits.parse().unwrap())
        );
    }

    #[test]
    fn exact_rounding_refuses_a_remainder() {
        assert!(
            rule("0.0015", Rounding::Exact, 3)
                .price(Quantity::from_whole(1).unwrap())
                .is_err()
        );
    }

    #[test]
    fn the_latest_effective_version_is_in_force() {
        let card = |version, at| RateCard {
            event_type: "x".into(),
            version,
            effective_at: crate::Time::from_micros(at),
            rules: vec![],
        };
        let cards = [card(1, 0), card(2, 100), card(3, 100), card(4, 50)];
        let in_force =
            |at| RateCard::in_force(&cards, crate::Time::from_micros(at)).map(|card| card.version);
        assert_eq!(in_force(-1), None);
        assert_eq!(in_force(49), Some(1));
        assert_eq!(in_force(99), Some(4));
        assert_eq!(in_force(100), Some(3));
    }

    #[test]
    fn a_price_reads_and_writes_as_a_decimal() {
        for text in ["0.001", "0.000000000001", "12", "0"] {
            let json = serde_json::to_string(&text).unwrap();
            let price: UnitPrice = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&price).unwrap(), json);
        }
        for text in ["-1", "1.1234567890123", "abc", ""] {
            assert!(
                serde_json::from_value::<UnitPrice>(text.into()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_price_that_is_a_json_number_is_exact_or_refused() {
        let read = |json: &str| serde_json::from_str::<UnitPrice>(json);
        for number in [
            "0.00001",
            "0.000000000001",
            "999.999999999999",
            "1000",
            "0.1",
        ] {
            let text = format!("\"{number}\"");
            assert_eq!(read(number).unwrap(), read(&text).unwrap(), "{number}");
        }
        for number in ["99999999.99999999", "1000.5"] {
            let refused = read(number).unwrap_err().to_string();
            assert!(refused.contains("decimal string"), "{refused}");
        }
    }
}
