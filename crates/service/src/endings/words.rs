//! What emails say of keys and endpoints that end.

use domain::{Time, calendar::Zone, ending::Stage};
use serde_json::{Value, json};

use crate::{
    alerts::body,
    mail::Block,
    ports::{ApiKey, FailingEndpoint},
    webhooks::host_of,
};

const KEY_EXPIRES: &str = "creditscope.key.expires";
const KEY_EXPIRED: &str = "creditscope.key.expired";
const ENDPOINT_FAILING: &str = "creditscope.endpoint.failing";
const ENDPOINT_DISABLED: &str = "creditscope.endpoint.disabled";

/// Something that ends, in words.
pub(super) struct Ends {
    pub(super) kind: &'static str,
    /// The fact, without a full stop.
    fact: String,
    /// What it means, and what to do.
    advice: Vec<String>,
}

/// What an email about something that ends is made of.
pub(crate) struct EndingBlocks {
    /// Its text.
    pub(crate) blocks: Vec<Block>,
    /// Key of the account; none for the platform.
    pub(crate) account: Option<String>,
    /// Whether it is about a key; about an endpoint otherwise.
    pub(crate) is_of_key: bool,
}

/// Reads the message of an ending; none when it tells something else.
pub(crate) fn ending_of(kind: &str, body: &str) -> Option<EndingBlocks> {
    let is_of_key = [KEY_EXPIRES, KEY_EXPIRED].contains(&kind);
    if !is_of_key && ![ENDPOINT_FAILING, ENDPOINT_DISABLED].contains(&kind) {
        return None;
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let data = &body["data"];
    Some(EndingBlocks {
        blocks: serde_json::from_value(data["blocks"].clone()).unwrap_or_default(),
        account: data["account"].as_str().map(str::to_owned),
        is_of_key,
    })
}

impl Ends {
    pub(super) fn key(key: &ApiKey, expires_at: Time, stage: Stage, zone: &Zone) -> Self {
        let name = if key.name.is_empty() {
            format!("API key cs_{}_…", key.prefix)
        } else {
            format!("API key “{}” (cs_{}_…)", key.name, key.prefix)
        };
        let end = zone.minute_named(expires_at);
        let used = key.used_at.map_or_else(
            || "It has not been used yet.".to_owned(),
            |used| format!("Last used: {}.", zone.minute_named(used)),
        );
        if stage == Stage::Over {
            return Self {
                kind: KEY_EXPIRED,
                fact: format!("{name} expired {end}"),
                advice: vec![
                    "Requests with it are refused. Create a new key and give it to the programs that used this one.".to_owned(),
                    used,
                ],
            };
        }
        Self {
            kind: KEY_EXPIRES,
            fact: format!("{name} expires {end}"),
            advice: vec![
                "After that, requests with it are refused. Create a new key and give it to the programs that use this one before then.".to_owned(),
                used,
            ],
        }
    }

    pub(super) fn failing(endpoint: &FailingEndpoint, ends_at: Time, zone: &Zone) -> Self {
        Self {
            kind: ENDPOINT_FAILING,
            fact: format!("Endpoint {} accepts no events", host_of(&endpoint.url)),
            advice: vec![
                format!(
                    "No event has been delivered since {}. The last response was: {}.",
                    zone.minute_named(endpoint.since),
                    endpoint.answer
                ),
                format!(
                    "If it accepts none until {}, it is disabled and no longer receives events.",
                    zone.minute_named(ends_at)
                ),
            ],
        }
    }

    pub(super) fn disabled(url: &str, answer: &str) -> Self {
        Self {
            kind: ENDPOINT_DISABLED,
            fact: format!("Endpoint {} is disabled", host_of(url)),
            advice: vec![
                format!("It accepted no events. The last response was: {answer}."),
                "It no longer receives events. Correct it and re-enable it; failed events can be resent from its list.".to_owned(),
            ],
        }
    }

    /// One line. For an account it begins with its name.
    pub(super) fn subject(&self, account: Option<&str>) -> String {
        match account {
            Some(name) => format!("{name}: {}", self.fact),
            None => format!("Platform: {}", self.fact),
        }
    }

    /// What is stored: the email's text, and where it leads.
    pub(super) fn body(&self, account: Option<&str>, now: Time) -> String {
        let mut blocks = vec![Block::Heading(format!("{}.", self.fact))];
        blocks.extend(self.advice.iter().cloned().map(Block::Text));
        body(
            self.kind,
            now,
            &json!({ "account": account, "text": self.fact, "blocks": blocks }),
        )
    }
}
