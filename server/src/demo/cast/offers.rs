//! What the demo offers, and what usage costs in it.

use domain::rate::RateRule;
use serde_json::json;

/// Plans: key, name, credits a cycle, price in euros, most credits that roll over.
pub const PLANS: [(&str, &str, i64, u32, Option<i64>); 5] = [
    ("free", "Free", 250, 0, None),
    ("solo", "Solo", 1_000, 15, None),
    ("starter", "Starter", 10_000, 99, None),
    ("growth", "Growth", 75_000, 499, Some(5_000)),
    ("scale", "Scale", 250_000, 1_390, Some(25_000)),
];

/// Packs: key, name, credits, price in euros.
pub const PACKS: [(&str, &str, i64, u32); 3] = [
    ("boost-1000", "Boost 1,000", 1_000, 15),
    ("boost-5000", "Boost 5,000", 5_000, 59),
    ("boost-20000", "Boost 20,000", 20_000, 199),
];

/// What usage costs: seconds of calls, tokens of replies, and a fixed price for what has neither.
pub fn rates() -> Vec<RateRule> {
    let rules = json!([
        { "match": { "unit": "second" }, "unit": "second", "credits_per_unit": "0.014", "rounding": "up", "decimals": 2 },
        { "match": { "agent": "nox" }, "unit": "token", "credits_per_unit": "0.0006", "rounding": "up", "decimals": 3 },
        { "match": { "unit": "token" }, "unit": "token", "credits_per_unit": "0.001", "rounding": "up", "decimals": 3 },
        { "match": { "unit": "engagement" }, "unit": "engagement", "credits_per_unit": "0.25", "rounding": "exact", "decimals": 2 }
    ]);
    // A test holds that these are rules.
    serde_json::from_value(rules).unwrap_or_default()
}
