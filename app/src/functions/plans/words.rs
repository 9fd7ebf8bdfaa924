//! Turns what the service read into what the page says.

use std::collections::BTreeMap;

use domain::{
    Credits, Time,
    calendar::Zone,
    filter::ViewQuery,
    ledger::{Dispute, DisputeState, EntryKind, Grant, GrantNo, Order, OrderState, Payer},
    number,
    tenancy::{Pack, Plan},
};
use service::{
    Services,
    billing::{Billing, LEDGER_LINES},
    ports::NumberedEntry,
};

use super::{DisputeLine, GrantLine, LedgerLine, Offer, OrderLine, PlansPage, Progress, Standing};
use crate::{context::Current, error::AppError, functions::page::read_reader};

/// Reads the page that a query string describes, as someone may see it.
pub async fn read_plans(
    services: &Services,
    current: &Current,
    query: &str,
) -> Result<PlansPage, AppError> {
    let (person, caller) = current.known()?;
    let (scope, _) = crate::functions::scope_of(services, caller, query).await?;
    let reader = read_reader(services, person, caller, &scope).await?;
    let (account, may_bill) = (scope.account().clone(), scope.may_bill());
    let billing = services.billing(scope, before(query)).await?;
    let order = |order: &Order| order_line(order, services.checkout_url(order), &billing.zone);
    Ok(PlansPage {
        reader,
        orders: billing.orders.iter().map(order).collect(),
        disputes: lines(&billing.disputes, |dispute| {
            dispute_line(dispute, &billing.zone)
        }),
        grants: lines(&billing.grants, |grant| grant_line(grant, &billing)),
        older: older(&billing),
        ledger: ledger(&billing),
        plans: lines(&billing.catalogue.plans, |plan| {
            plan_offer(plan, &billing.plan)
        }),
        packs: lines(&billing.catalogue.packs, pack_offer),
        account: account.key,
        account_name: account.name,
        time_zone: account.time_zone,
        may_bill,
        read_at: billing.read_at,
        cycle: billing.cycle,
        books: billing.books,
        plan: billing.plan.name,
    })
}

fn lines<T, L>(items: &[T], line: impl Fn(&T) -> L) -> Vec<L> {
    items.iter().map(line).collect()
}

/// The entry before which the ledger is read.
fn before(query: &str) -> Option<i64> {
    let (_, others) = ViewQuery::parse(query).ok()?;
    let before = others.iter().find(|(name, _)| name == "before")?;
    before.1.parse().ok()
}

fn plan_offer(plan: &Plan, current: &Plan) -> Offer {
    let standing = match plan.monthly_credits.cmp(&current.monthly_credits) {
        _ if plan.key == current.key => Standing::Current,
        std::cmp::Ordering::Less => Standing::Smaller,
        _ => Standing::Larger,
    };
    let terms = match plan.rollover {
        Some(cap) => format!(
            "up to {} unused credits are carried over",
            number::credits(cap)
        ),
        None => "unused credits end with the cycle".to_owned(),
    };
    let price = price(plan.price.as_ref(), plan.currency.as_ref());
    Offer {
        key: plan.key.clone(),
        name: plan.name.clone(),
        credits: plan.monthly_credits,
        unit_price: unit_price(
            plan.price.as_ref(),
            plan.currency.as_ref(),
            plan.monthly_credits,
        ),
        price,
        terms,
        standing,
    }
}

fn pack_offer(pack: &Pack) -> Offer {
    let terms = match pack.valid_cycles {
        1 => "valid to the end of this cycle".to_owned(),
        cycles => format!("valid for {cycles} billing cycles"),
    };
    Offer {
        key: pack.key.clone(),
        name: pack.name.clone(),
        credits: pack.credits,
        price: price(pack.price.as_ref(), pack.currency.as_ref()),
        unit_price: unit_price(pack.price.as_ref(), pack.currency.as_ref(), pack.credits),
        terms,
        standing: Standing::Beside,
    }
}

fn price(price: Option<&String>, currency: Option<&String>) -> Option<String> {
    let price: Credits = price?.parse().ok()?;
    Some(format!("{} {}", number::credits(price), currency?))
}

/// What a thousand credits cost, to the cent.
fn unit_price(
    price: Option<&String>,
    currency: Option<&String>,
    credits: Credits,
) -> Option<String> {
    let price: Credits = price?.parse().ok()?;
    let credits = i128::from(credits.micro());
    if credits <= 0 {
        return None;
    }
    let cents = (i128::from(price.micro()) * 100_000 + credits / 2) / credits;
    Some(format!(
        "{}.{:02} {} per 1,000",
        cents / 100,
        cents % 100,
        currency?
    ))
}

fn moment(time: Time, zone: &Zone) -> String {
    zone.at(time).strftime("%-d %b %Y, %H:%M").to_string()
}

fn order_line(order: &Order, checkout_url: Option<String>, zone: &Zone) -> OrderLine {
    let (progress, state) = match order.state {
        OrderState::Ordered => (
            Progress::Waiting,
            "Ordered, waiting for its payment".to_owned(),
        ),
        OrderState::Applied => (Progress::Done, "Paid and added".to_owned()),
        OrderState::Failed => {
            let reason = order.reason.as_deref().unwrap_or("no reason was given");
            (Progress::Failed, format!("Payment failed: {reason}"))
        }
    };
    OrderLine {
        id: order.id.clone(),
        name: order.name.clone(),
        credits: order.credits,
        price: price(order.price.as_ref(), order.currency.as_ref()),
        progress,
        state,
        ordered: format!("{}, {}", moment(order.created_at, zone), order.actor),
        checkout_url,
    }
}

fn dispute_line(dispute: &Dispute, zone: &Zone) -> DisputeLine {
    let by = dispute.decided_by.as_deref().unwrap_or_default();
    let (progress, state) = match dispute.state {
        DisputeState::Open => (Progress::Waiting, "Open".to_owned()),
        DisputeState::Accepted => (Progress::Done, format!("Given back by {by}")),
        DisputeState::Refused => (Progress::Failed, format!("Refused by {by}")),
    };
    DisputeLine {
        id: dispute.id.clone(),
        event: format!("{} · {}", dispute.source, dispute.event),
        credits: dispute.credits,
        reason: dispute.reason.clone(),
        asked: format!("{}, {}", moment(dispute.created_at, zone), dispute.actor),
        progress,
        state,
    }
}

fn grant_line(grant: &Grant, billing: &Billing) -> GrantLine {
    let now = billing.read_at.now;
    let state = match () {
        () if grant.active.start > now => "not yet",
        () if grant.remaining() <= Credits::ZERO => "used up",
        () if grant.active.end <= now => "expired",
        () => "active",
    };
    let day = |time: Time| billing.zone.at(time).strftime("%-d %b %Y").to_string();
    GrantLine {
        id: grant.id(),
        name: grant.name.clone(),
        amount: grant.amount,
        remaining: grant.remaining(),
        valid: format!(
            "{} – {}",
            day(grant.active.start),
            day(grant.active.end.plus_micros(-1))
        ),
        state: state.to_owned(),
        reference: grant.reference.clone(),
    }
}

fn older(billing: &Billing) -> Option<i64> {
    let shown = usize::try_from(LEDGER_LINES).ok()?;
    let has_more = billing.entries.len() > shown;
    billing
        .entries
        .get(shown - 1)
        .filter(|_| has_more)
        .map(|line| line.number)
}

fn ledger(billing: &Billing) -> Vec<LedgerLine> {
    let names: BTreeMap<GrantNo, &str> = billing
        .grants
        .iter()
        .map(|grant| (grant.number, grant.name.as_str()))
        .collect();
    let shown = billing.entries.iter().take(LEDGER_LINES as usize);
    shown
        .map(|line| ledger_line(line, &names, &billing.zone))
        .collect()
}

fn ledger_line(line: &NumberedEntry, names: &BTreeMap<GrantNo, &str>, zone: &Zone) -> LedgerLine {
    let entry = &line.entry;
    let what = match entry.kind {
        EntryKind::Granted => "Given",
        EntryKind::Covered => "Paid what went past zero",
        EntryKind::Corrected => "Corrected",
        EntryKind::Returned => "Given back",
        EntryKind::CarriedOver => "Carried into the next cycle",
    };
    let grant = match entry.payer {
        Payer::Overage => "Past all credits".to_owned(),
        Payer::Grant(number) => {
            let name = names.get(&number).copied().unwrap_or_default();
            format!("{name} · {}", number.0)
        }
    };
    let why = match &entry.reason {
        Some(reason) => format!("{reason} · {}", entry.actor),
        None => entry.actor.clone(),
    };
    LedgerLine {
        number: line.number,
        at: moment(line.at, zone),
        what: what.to_owned(),
        grant,
        credits: entry.credits,
        balance_after: entry.balance_after,
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_credits_cost_what_they_cost_to_the_cent() {
        let text = |text: &str| text.to_owned();
        let unit = |price: &str, credits: i64| {
            let credits = Credits::from_whole(credits).unwrap_or_default();
            unit_price(Some(&text(price)), Some(&text("EUR")), credits)
        };
        assert_eq!(unit("499", 75_000).as_deref(), Some("6.65 EUR per 1,000"));
        assert_eq!(unit("59", 5_000).as_deref(), Some("11.80 EUR per 1,000"));
        assert_eq!(unit("1", 0), None);
        assert_eq!(unit_price(None, None, Credits::ZERO), None);
    }
}
