//! Everything there is to say about one event.

use std::collections::BTreeMap;

use domain::{
    Credits,
    activity::{DisputeView, PaidPart, Receipt, ReturnedPart, ReversalLine},
    calendar::Zone,
    ledger::{Dispute, DisputeState, GrantKind, GrantNo, Part, Payer, SYSTEM, Support},
    number,
    rate::Rounding,
};

use super::log_row;
use crate::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{ReturnedTo, StoredEvent, StoredReversal},
};

impl Services {
    /// The receipt of one event, in words.
    pub async fn receipt(
        &self,
        scope: &Scope,
        tz: Option<&str>,
        source: &str,
        id: &str,
    ) -> ServiceResult<Receipt> {
        let zone = tz.unwrap_or(&scope.account.time_zone);
        let zone = Zone::named(zone).map_err(|error| ServiceError::invalid("tz", error))?;
        let event = self.event(scope, source, id).await?;
        let rate = self.rate_words(&event).await?;
        let quantity = event.quantity.map(|quantity| {
            let unit = event.unit.as_deref().unwrap_or("");
            format!(
                "{} {unit}",
                domain::number::credits(Credits::from_micro(quantity.micro()))
            )
            .trim_end()
            .to_owned()
        });
        let paid = self.paid(scope, &event, &zone).await?;
        Ok(Receipt {
            paid_by: paid.paid_by,
            balance_after: paid.balance_after,
            reversals: paid.reversals,
            dispute: self.dispute_view(scope, &event, &zone).await?,
            kind: event.kind.clone(),
            recorded_at: zone.rfc3339(event.recorded_at),
            quantity,
            rate,
            metadata: event.metadata.clone(),
            row: log_row(event, &zone),
        })
    }

    /// What became of asking for an event to be refunded, in words.
    async fn dispute_view(
        &self,
        scope: &Scope,
        event: &StoredEvent,
        zone: &Zone,
    ) -> ServiceResult<DisputeView> {
        let disputes = self
            .store
            .disputes_of(scope.account.id, &event.source, &event.id)
            .await?;
        let is_open = disputes.iter().any(|one| one.state == DisputeState::Open);
        let is_left = event.credits > event.reversed && event.reverses.is_none();
        let may_ask = scope.may_dispute() && is_left && !is_open;
        Ok(DisputeView {
            account: may_ask.then(|| scope.account.key.clone()),
            asked: disputes
                .iter()
                .map(|one| dispute_words(one, zone, scope.sees_all()))
                .collect(),
        })
    }

    /// How an event was paid, in words. What the account has left, and what it has bought, is only for those who see it
    /// whole: everybody else is told the kind alone.
    pub async fn paid(
        &self,
        scope: &Scope,
        event: &StoredEvent,
        zone: &Zone,
    ) -> ServiceResult<Paid> {
        let Some(payment) = self.store.payment(scope.account.id, event.seq).await? else {
            return Ok(Paid::default());
        };
        let names = self
            .store
            .grant_names(scope.account.id, &payment.parts)
            .await?;
        let paid_by = if scope.sees_all() {
            let part = |part| paid_part(part, &names);
            payment.parts.iter().map(part).collect()
        } else {
            paid_kinds(&payment.parts, &names)
        };
        Ok(Paid {
            paid_by,
            balance_after: payment.balance_after.filter(|_| scope.sees_all()),
            reversals: payment
                .reversals
                .into_iter()
                .map(|reversal| reversal_line(reversal, zone, scope.sees_all()))
                .collect(),
        })
    }

    async fn rate_words(&self, event: &StoredEvent) -> ServiceResult<Option<String>> {
        let Some(version) = event.rate_version else {
            return Ok(None);
        };
        let cards = self.directory.rate_cards(&event.kind).await?;
        let card = cards.iter().find(|card| card.version == version);
        let unit = event.unit.as_deref().unwrap_or_default();
        let rule = card.and_then(|card| {
            card.rules.iter().find(|rule| {
                rule.unit == unit
                    && event
                        .quantity
                        .is_some_and(|quantity| rule.price(quantity) == Ok(event.credits))
            })
        });
        Ok(Some(match rule {
            Some(rule) => {
                let price = serde_json::to_string(&rule.credits_per_unit).unwrap_or_default();
                let rounding = match rule.rounding {
                    Rounding::Up => "rounded up",
                    Rounding::HalfUp => "rounded half up",
                    Rounding::Exact => "exact",
                };
                format!(
                    "{} per {unit} · v{version} · {rounding}",
                    price.trim_matches('"')
                )
            }
            None => format!("v{version}"),
        }))
    }
}

/// How an event was paid, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paid {
    /// Who paid, in order.
    pub paid_by: Vec<PaidPart>,
    /// What the account had left right afterwards.
    pub balance_after: Option<Credits>,
    /// What was refunded since, oldest first.
    pub reversals: Vec<ReversalLine>,
}

fn paid_part(part: &Part, names: &BTreeMap<GrantNo, (GrantKind, String)>) -> PaidPart {
    let (id, name) = match part.payer {
        Payer::Overage => ("overage".to_owned(), "Overage".to_owned()),
        Payer::Grant(number) => names.get(&number).map_or_else(
            || (format!("grant-{}", number.0), String::new()),
            |(kind, name)| (format!("{}-{}", kind.id(), number.0), name.clone()),
        ),
    };
    PaidPart {
        id,
        name,
        credits: part.credits,
    }
}

/// How much of an event the plan paid, how much what was added to it, and how much what had been refunded. What went past
/// all of them, the terms of the plan let through.
fn paid_kinds(parts: &[Part], names: &BTreeMap<GrantNo, (GrantKind, String)>) -> Vec<PaidPart> {
    let kinds = [PLAN, ADD_ON, REFUND];
    let kind = |kind @ (id, name): (&str, &str)| {
        let of_kind = parts.iter().filter(|part| kind_of(part, names) == kind);
        let credits = of_kind.fold(Credits::ZERO, |sum, part| sum.saturating_add(part.credits));
        (!credits.is_zero()).then(|| PaidPart {
            id: id.to_owned(),
            name: name.to_owned(),
            credits,
        })
    };
    kinds.into_iter().filter_map(kind).collect()
}

/// What paid, as those are told who see some companies only: its id, and its name.
type Kind = (&'static str, &'static str);
const PLAN: Kind = ("plan", "Plan");
const ADD_ON: Kind = ("add_on", "Add-on");
const REFUND: Kind = ("refund", "Refund");

fn kind_of(part: &Part, names: &BTreeMap<GrantNo, (GrantKind, String)>) -> Kind {
    let grant = match part.payer {
        Payer::Overage => None,
        Payer::Grant(number) => names.get(&number).map(|(kind, _)| *kind),
    };
    match grant {
        None | Some(GrantKind::Plan | GrantKind::Rollover) => PLAN,
        Some(GrantKind::Refund) => REFUND,
        Some(GrantKind::Pack | GrantKind::Promotion | GrantKind::Adjustment) => ADD_ON,
    }
}

/// What an agency says is between it and the platform.
fn dispute_words(dispute: &Dispute, zone: &Zone, sees_all: bool) -> String {
    let at = zone.day(dispute.created_at);
    let support = dispute.support.as_ref().filter(|_| sees_all);
    let support = support.map(support_words);
    let parts = [
        Some(dispute.reason.clone()),
        Some(format!("{}, {at}", dispute.actor)),
        support,
        Some(decision_words(dispute)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What an agency says of its client's request, in words.
pub fn support_words(support: &Support) -> String {
    let says = if support.supports {
        "supports it"
    } else {
        "does not support it"
    };
    let said = format!("{} {says}", support.actor);
    match &support.note {
        Some(note) => format!("{said}: {note}"),
        None => said,
    }
}

/// What became of a request for a refund, in words.
pub fn decision_words(dispute: &Dispute) -> String {
    let by = match dispute.decided_by.as_deref() {
        Some(SYSTEM) => "automatically".to_owned(),
        by => format!("by {}", by.unwrap_or_default()),
    };
    let decision = match dispute.state {
        DisputeState::Open => return "Waiting for a decision".to_owned(),
        DisputeState::Accepted => match dispute.refunded {
            Some(credits) => format!("Refunded {} {by}", number::credits(credits)),
            None => format!("Refunded {by}"),
        },
        DisputeState::Refused => format!("Declined {by}"),
    };
    match &dispute.decision_reason {
        Some(reason) => format!("{decision}: {reason}"),
        None => decision,
    }
}

/// A reversal in words. Which grants have what it gave back is only for those who see the whole account.
fn reversal_line(reversal: StoredReversal, zone: &Zone, sees_all: bool) -> ReversalLine {
    let why: serde_json::Value = reversal
        .metadata
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let text = |field: &str| why[field].as_str().unwrap_or_default().to_owned();
    ReversalLine {
        id: reversal.id,
        credits: reversal.credits,
        at: zone.rfc3339(reversal.at),
        reason: text("reason"),
        actor: text("actor"),
        returned_to: reversal
            .returned_to
            .iter()
            .filter(|_| sees_all)
            .map(|to| returned_part(to, zone))
            .collect(),
    }
}

fn returned_part(to: &ReturnedTo, zone: &Zone) -> ReturnedPart {
    ReturnedPart {
        id: to.id(),
        name: to
            .grant
            .as_ref()
            .map_or_else(|| "Overage".to_owned(), |(_, name)| name.clone()),
        credits: to.credits,
        expires_at: to.expires_at.map(|until| zone.rfc3339(until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_some_companies_only_is_told_kinds_and_never_names_or_numbers() {
        let kinds = [
            GrantKind::Plan,
            GrantKind::Rollover,
            GrantKind::Promotion,
            GrantKind::Pack,
            GrantKind::Adjustment,
            GrantKind::Refund,
        ];
        let names = (1..)
            .map(GrantNo)
            .zip(kinds.map(|kind| (kind, "CANARY".to_owned())));
        let names: BTreeMap<_, _> = names.collect();
        let part = |payer| Part {
            payer,
            credits: Credits::from_micro(10),
        };
        let mut parts: Vec<_> = names
            .keys()
            .map(|number| part(Payer::Grant(*number)))
            .collect();
        parts.push(part(Payer::Overage));
        let told: Vec<_> = paid_kinds(&parts, &names)
            .into_iter()
            .map(|part| (part.id, part.name, part.credits.micro()))
            .collect();
        let line = |id: &str, name: &str, credits| (id.to_owned(), name.to_owned(), credits);
        let expected = [
            line("plan", "Plan", 30),
            line("add_on", "Add-on", 30),
            line("refund", "Refund", 10),
        ];
        assert_eq!(told, expected);
    }
}
