//! What an event was charged to, and what was refunded of it.

use domain::{
    activity::{PaidPart, ReturnedPart, ReversalLine},
    number,
};
use leptos::prelude::*;

/// Id of what went past all grants.
const OVERAGE: &str = "overage";

/// What people call who paid.
fn payer(id: String, name: String) -> String {
    if id == OVERAGE {
        "Overage".to_owned()
    } else if name.is_empty() {
        id
    } else {
        name
    }
}

/// Who paid; how much each, when it was more than one.
#[component]
pub fn PaidBy(parts: Vec<PaidPart>) -> impl IntoView {
    let shows_amounts = parts.len() > 1;
    let line = move |part: PaidPart| {
        let amount = shows_amounts.then(|| number::credits(part.credits));
        view! { <li><span>{payer(part.id, part.name)}</span>{amount.map(|amount| view! { " "<b>{amount}</b> })}</li> }
    };
    (!parts.is_empty()).then(|| {
        view! {
            <div>
                <dt>"Charged to"</dt>
                <dd class="receipt-paid"><ul data-testid="paid-by">{parts.into_iter().map(line).collect_view()}</ul></dd>
            </div>
        }
    })
}

/// Where a part of what was was refunded went, and until when it can be spent.
fn destination(part: &ReturnedPart) -> String {
    let credits = number::credits(part.credits);
    match &part.expires_at {
        None => format!("{credits} off the overage"),
        Some(until) => {
            let name = payer(part.id.clone(), part.name.clone());
            format!("{credits} to {name}, valid to {}", readable(until))
        }
    }
}

/// What was refunded: how much, why, by whom and when, oldest first.
#[component]
pub fn Reversals(reversals: Vec<ReversalLine>) -> impl IntoView {
    let line = |reversal: ReversalLine| {
        let (amount, at) = (number::credits(reversal.credits), reversal.at);
        let actor = format!("by {}", reversal.actor);
        let to: Vec<_> = reversal.returned_to.iter().map(destination).collect();
        let to = (!to.is_empty()).then(
            || view! { <span class="reversal-to" data-testid="returned-to">{to.join("; ")}</span> },
        );
        view! {
            <li>
                <b>{amount}</b>
                <span class="reversal-reason">{reversal.reason}</span>
                {to}
                <span>{actor}</span>
                <time datetime=at.clone()>{readable(&at)}</time>
            </li>
        }
    };
    (!reversals.is_empty()).then(|| {
        view! {
            <div class="receipt-reversals" data-testid="reversals">
                <p>"Refunded"</p>
                <ul>{reversals.into_iter().map(line).collect_view()}</ul>
            </div>
        }
    })
}

/// An RFC 3339 time in parts that can be told apart: `2026-11-23 14:03:10 +01:00`.
pub fn readable(at: &str) -> String {
    let (date, clock) = at.split_once('T').unwrap_or((at, ""));
    let (clock, offset) = clock.split_at_checked(8).unwrap_or((clock, ""));
    format!("{date} {clock} {offset}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use domain::Credits;

    use super::*;

    #[test]
    fn a_time_is_told_apart_from_its_date_and_offset() {
        assert_eq!(
            readable("2026-11-23T14:03:10+01:00"),
            "2026-11-23 14:03:10 +01:00"
        );
        assert_eq!(readable("2026-11-23T14:03:10Z"), "2026-11-23 14:03:10 Z");
        assert_eq!(readable(""), "");
    }

    #[test]
    fn a_reversal_says_where_the_credits_went_and_how_long_they_last() {
        let part = |id: &str, name: &str, until: Option<&str>| ReturnedPart {
            id: id.to_owned(),
            name: name.to_owned(),
            credits: Credits::from_micro(80_500_000),
            expires_at: until.map(str::to_owned),
        };
        assert_eq!(
            destination(&part(
                "refund-9",
                "Refund",
                Some("2027-01-01T00:00:00+01:00")
            )),
            "80.5 to Refund, valid to 2027-01-01 00:00:00 +01:00"
        );
        assert_eq!(
            destination(&part(OVERAGE, "Overage", None)),
            "80.5 off the overage"
        );
    }

    #[test]
    fn overage_is_said_in_words_and_a_nameless_grant_by_its_id() {
        let said = |id: &str, name: &str| payer(id.to_owned(), name.to_owned());
        assert_eq!(said("plan-1", "Growth"), "Growth");
        assert_eq!(said("grant-7", ""), "grant-7");
        assert_eq!(said(OVERAGE, "Overage"), "Overage");
    }
}
