//! What is told of an alert, in words and as data.

use domain::{
    Time,
    alert::{Condition, Reading, Rule},
    tenancy::Account,
};
use serde_json::{Value, json};

use crate::ports::{Message, Target};

/// An alert that fired, or is over.
pub(super) struct Told<'a> {
    pub rule: &'a Rule,
    pub reading: &'a Reading,
    /// The level that was crossed.
    pub level: u32,
    pub is_over: bool,
}

/// The message that tells of an alert.
pub(super) fn message(
    id: String,
    account: &Account,
    told: &Told<'_>,
    targets: Vec<Target>,
    now: Time,
) -> Message {
    let kind = if told.is_over {
        "creditscope.alert.recovered"
    } else {
        "creditscope.alert.fired"
    };
    let text = told
        .reading
        .sentence(told.rule.condition.kind(), told.level, told.is_over);
    let body = body(kind, now, &data(account, told, &text));
    Message {
        id,
        kind: kind.to_owned(),
        subject: format!("{}: {text}", account.name),
        body,
        targets,
    }
}

/// What every message is made of.
pub(crate) fn body(kind: &str, now: Time, data: &Value) -> String {
    json!({ "type": kind, "timestamp": now.to_string(), "data": data }).to_string()
}

fn data(account: &Account, told: &Told<'_>, text: &str) -> Value {
    let reading = told.reading;
    json!({
        "account": account.key,
        "rule": told.rule.key,
        "kind": told.rule.condition.kind(),
        "company": Some(&reading.subject).filter(|subject| !subject.is_empty()),
        "level": level(&told.rule.condition, told.level),
        "observed": reading.observed,
        "limit": reading.limit,
        "at": reading.at.map(|at| at.to_string()),
        "text": text,
    })
}

/// A level in percent, for rules that have such.
fn level(condition: &Condition, level: u32) -> Option<u32> {
    match condition {
        Condition::UsedPercent { .. } | Condition::CompanyBudget { .. } => Some(level),
        Condition::Remaining { .. } | Condition::ProjectedRunOut | Condition::Spike { .. } => None,
    }
}
