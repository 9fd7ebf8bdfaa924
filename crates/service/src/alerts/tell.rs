//! What is told of an alert, in words and as data.

use domain::{
    Time,
    alert::{Ending, Mark, Reading, Rule, Sentence, capitalised},
    calendar::Zone,
    tenancy::Account,
};
use serde_json::{Value, json};

use crate::ports::{Message, Target};

/// An alert that fired, or is over.
pub(super) struct Told<'a> {
    pub rule: &'a Rule,
    /// What the rule watched when the alert fired, as the word on the wire.
    pub kind: &'a str,
    pub reading: &'a Reading,
    /// The threshold that was crossed.
    pub mark: Mark,
    /// Why it is over; none when it fired.
    pub ending: Option<Ending>,
    /// Name of the company it is about.
    pub company: &'a str,
}

/// The message that tells of an alert.
pub(super) fn message(
    id: String,
    account: &Account,
    told: &Told<'_>,
    targets: Vec<Target>,
    now: Time,
) -> Message {
    let kind = match told.ending {
        None => "creditscope.alert.fired",
        Some(ending) if ending.is_by_hand() => "creditscope.alert.ended",
        Some(_) => "creditscope.alert.recovered",
    };
    let text = text(account, told);
    let body = body(kind, now, &data(account, told, &text));
    Message {
        id,
        kind: kind.to_owned(),
        subject: format!("{}: {text}", account.name),
        body,
        targets,
    }
}

/// What is told, in the account's zone.
fn text(account: &Account, told: &Told<'_>) -> String {
    let zone = Zone::named(&account.time_zone).unwrap_or_else(|_| Zone::utc());
    let sentence = Sentence {
        kind: told.kind,
        reading: told.reading,
        mark: told.mark,
        company: told.company,
        zone: &zone,
    };
    capitalised(&match told.ending {
        None => sentence.fired(),
        Some(ending) => sentence.ended(ending),
    })
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
        "kind": told.kind,
        "company": Some(&reading.subject).filter(|subject| !subject.is_empty()),
        "level": level(told),
        "observed": reading.observed,
        "limit": reading.limit,
        "at": reading.at.map(|at| at.to_string()),
        "reason": told.ending.map(Ending::id),
        "text": text,
    })
}

/// A level in percent, for rules that have such.
fn level(told: &Told<'_>) -> Option<u32> {
    let is_percent = ["used_percent", "company_budget"].contains(&told.kind);
    u32::try_from(told.mark.0).ok().filter(|_| is_percent)
}
