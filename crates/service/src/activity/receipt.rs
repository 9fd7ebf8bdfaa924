//! Everything there is to say about one event.

use std::collections::BTreeMap;

use domain::{
    Credits,
    activity::{DisputeView, PaidPart, Receipt, ReversalLine},
    calendar::Zone,
    ledger::{Dispute, DisputeState, GrantKind, GrantNo, Part, Payer},
    rate::Rounding,
};

use super::log_row;
use crate::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{StoredEvent, StoredReversal},
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

    /// What became of asking for an event to be given back, in words.
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
                .map(|one| dispute_words(one, zone))
                .collect(),
        })
    }

    /// How an event was paid, in words. What the account has left is only for those who see it whole.
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
        Ok(Paid {
            paid_by: payment
                .parts
                .iter()
                .map(|part| paid_part(part, &names))
                .collect(),
            balance_after: payment.balance_after.filter(|_| scope.sees_all()),
            reversals: payment
                .reversals
                .into_iter()
                .map(|reversal| reversal_line(reversal, zone))
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
    /// What was given back since, oldest first.
    pub reversals: Vec<ReversalLine>,
}

fn paid_part(part: &Part, names: &BTreeMap<GrantNo, (GrantKind, String)>) -> PaidPart {
    let (id, name) = match part.payer {
        Payer::Overage => ("overage".to_owned(), "Past all credits".to_owned()),
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

fn dispute_words(dispute: &Dispute, zone: &Zone) -> String {
    let by = dispute.decided_by.as_deref().unwrap_or_default();
    let state = match dispute.state {
        DisputeState::Open => "waits for a decision".to_owned(),
        DisputeState::Accepted => format!("given back by {by}"),
        DisputeState::Refused => format!("refused by {by}"),
    };
    let at = zone.at(dispute.created_at).strftime("%-d %b %Y");
    format!("{} · {}, {at} · {state}", dispute.reason, dispute.actor)
}

fn reversal_line(reversal: StoredReversal, zone: &Zone) -> ReversalLine {
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
    }
}
