//! What will end by itself: API keys that expire, endpoints that accept nothing.

use domain::{Time, calendar::Zone, ending::Stage};
use leptos::prelude::*;
use service::{
    endings::Failing,
    ports::{ApiKey, Webhook},
};

use super::frame::at;
use crate::ui::{Notice, Tone};

/// Keys that are named.
const MOST_NAMED: usize = 5;

/// Keys that expire soon, or did a moment ago while they were in use; nothing when there are none.
pub(super) fn keys_notice(keys: &[ApiKey], zone: &Zone, now: Time) -> Option<AnyView> {
    let mut ending: Vec<_> = keys.iter().filter_map(|key| ends(key, now)).collect();
    ending.sort_by_key(|(end, ..)| *end);
    if ending.is_empty() {
        return None;
    }
    let tone = if ending.iter().any(|(.., stage)| *stage >= Stage::Last) {
        Tone::Danger
    } else {
        Tone::Warning
    };
    let more = ending.len().saturating_sub(MOST_NAMED);
    let named = ending.iter().take(MOST_NAMED);
    let mut sentences: Vec<_> = named
        .map(|(end, name, stage)| {
            let verb = if *stage == Stage::Over {
                "expired"
            } else {
                "expires"
            };
            format!("{name} {verb} {}.", at(*end, zone))
        })
        .collect();
    if more > 0 {
        sentences.push(format!("{more} more end in this time."));
    }
    sentences.push("Create a new key and give it to the programs that use the old one.".to_owned());
    let title = match ending.len() {
        1 => "An API key ends.".to_owned(),
        count => format!("{count} API keys end."),
    };
    let text = sentences.join(" ");
    Some(view! { <div data-testid="keys-ending"><Notice tone title text/></div> }.into_any())
}

/// The end of a key, its name, and how near that is.
fn ends(key: &ApiKey, now: Time) -> Option<(Time, String, Stage)> {
    let end = key.expires_at.filter(|_| key.revoked_at.is_none())?;
    let stage = Stage::of_key(key.created_at, end, key.used_at, now)?;
    let name = if key.name.is_empty() {
        format!("cs_{}_…", key.prefix)
    } else {
        format!("“{}”", key.name)
    };
    Some((end, name, stage))
}

/// Endpoints that accept nothing, and those that were disabled for that; nothing when there are none.
pub(super) fn endpoints_notice<'a>(
    webhooks: impl Iterator<Item = &'a Webhook>,
    failing: &[Failing],
    zone: &Zone,
) -> Option<AnyView> {
    let mut sentences = Vec::new();
    let mut tone = Tone::Warning;
    for webhook in webhooks {
        if let Some(since) = webhook.disabled_at {
            tone = Tone::Danger;
            sentences.push(format!(
                "{} is disabled since {} and receives no events: correct it and re-enable it.",
                webhook.url,
                at(since, zone)
            ));
        } else if let Some(one) = failing.iter().find(|one| one.webhook == webhook.id) {
            sentences.push(format!(
                "{} has accepted no event since {}: it is disabled {} unless it accepts one.",
                webhook.url,
                at(one.since, zone),
                at(one.ends_at, zone)
            ));
        }
    }
    if sentences.is_empty() {
        return None;
    }
    let title = match sentences.len() {
        1 => "An endpoint accepts no events.".to_owned(),
        count => format!("{count} endpoints accept no events."),
    };
    let text = sentences.join(" ");
    Some(view! { <div data-testid="endpoints-ending"><Notice tone title text/></div> }.into_any())
}
