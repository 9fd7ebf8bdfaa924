//! Turns what the service read into what the page says.

use domain::{
    Credits, Time,
    calendar::Zone,
    ledger::{Balance, Dispute, DisputeState, Grant, Order, OrderKind, OrderState},
    number,
    tenancy::{Pack, Plan},
};
use serde::Serialize;
use service::{
    activity::{decision_words, support_words},
    billing::{Billing, Effect, LEDGER_LINES},
    forecast::AccountForecast,
    orders::PlanBase,
    ports::{Offered, Versioned as _},
};

use super::{
    DisputeLine, EffectLine, GrantLine, GrantStatus, Offer, OrderLine, Progress, Standing,
};

/// The latest requests for refunds; `asker` is the reader's name when they may say what the agency thinks of them.
pub(super) fn dispute_lines(billing: &Billing, asker: Option<&str>) -> Vec<DisputeLine> {
    lines(&billing.disputes, |dispute| {
        dispute_line(dispute, asker, &billing.zone)
    })
}

/// Every grant.
pub(super) fn grant_lines(billing: &Billing) -> Vec<GrantLine> {
    lines(&billing.grants, |grant| grant_line(grant, billing))
}

/// The plans on offer.
pub(super) fn plan_offers(billing: &Billing) -> Vec<Offer> {
    lines(&billing.catalogue.plans, |plan| Offer {
        effect: effect_on_offer(billing, OrderKind::Plan, &plan.key),
        ..plan_offer(plan, &billing.base)
    })
}

/// The packs on offer.
pub(super) fn pack_offers(billing: &Billing) -> Vec<Offer> {
    lines(&billing.catalogue.packs, |pack| Offer {
        effect: effect_on_offer(billing, OrderKind::Pack, &pack.key),
        ..pack_offer(pack, &billing.base)
    })
}

fn effect_on_offer(billing: &Billing, kind: OrderKind, item: &str) -> Option<EffectLine> {
    let mut effects = billing.effects.iter();
    let effect = effects.find(|effect| effect.order.kind == kind && effect.order.item == item)?;
    Some(effect_line(effect, billing))
}

/// What an order would do, in words: the figures beside it are said in the same ones.
pub(super) fn effect_line(effect: &Effect, billing: &Billing) -> EffectLine {
    let before = billing.books.balance.unwrap_or(Balance::EMPTY);
    let both = |of: fn(&Balance) -> Credits| {
        [&before, &effect.balance].map(|balance| number::whole_credits(of(balance)))
    };
    EffectLine {
        remaining: both(|balance| balance.remaining),
        runs_out: [&billing.forecast, &effect.forecast].map(AccountForecast::runs_out_on),
        granted: both(|balance| balance.allocation),
    }
}

fn lines<T, L>(items: &[T], line: impl Fn(&T) -> L) -> Vec<L> {
    items.iter().map(line).collect()
}

/// A plan as an account is offered it that is on another.
pub(super) fn plan_offer(plan: &Plan, base: &PlanBase) -> Offer {
    let current = &base.plan;
    let standing = match plan.monthly_credits.cmp(&current.monthly_credits) {
        _ if plan.key == current.key => Standing::Current,
        std::cmp::Ordering::Less => Standing::Smaller,
        std::cmp::Ordering::Equal => Standing::Equal,
        // It is larger than the account's plan, and not than what the cycle has already.
        std::cmp::Ordering::Greater if !base.is_exceeded_by(plan) => Standing::Equal,
        std::cmp::Ordering::Greater => Standing::Larger,
    };
    let terms = match plan.rollover {
        Some(cap) => format!(
            "Rollover: up to {} unused credits",
            number::whole_credits(cap)
        ),
        None => "Unused credits expire with the cycle".to_owned(),
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
        effect: None,
        standing,
        version: version(base, plan),
    }
}

/// The version of an offer to an account.
fn version<T: Serialize>(base: &PlanBase, item: &T) -> String {
    Offered { base, item }.version().to_string()
}

/// A pack as an account is offered it that is on a plan.
pub(super) fn pack_offer(pack: &Pack, base: &PlanBase) -> Offer {
    let terms = match pack.valid_cycles {
        1 => "Valid to the end of this cycle".to_owned(),
        cycles => format!("Valid for {cycles} billing cycles"),
    };
    Offer {
        key: pack.key.clone(),
        name: pack.name.clone(),
        credits: pack.credits,
        price: price(pack.price.as_ref(), pack.currency.as_ref()),
        unit_price: unit_price(pack.price.as_ref(), pack.currency.as_ref(), pack.credits),
        terms,
        effect: None,
        standing: Standing::Beside,
        version: version(base, pack),
    }
}

/// `€15.00`, when there is a price.
pub(super) fn price(price: Option<&String>, currency: Option<&String>) -> Option<String> {
    let price: Credits = price?.parse().ok()?;
    Some(number::money(i128::from(price.micro()), currency?))
}

/// What a thousand credits cost.
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
    let thousand = i128::from(Credits::from_whole(1_000)?.micro());
    let micro = (i128::from(price.micro()) * thousand + credits / 2) / credits;
    Some(format!("{} per 1,000", number::money(micro, currency?)))
}

/// An instant in a zone, to the minute.
pub(super) fn moment(time: Time, zone: &Zone) -> String {
    zone.minute(time)
}

pub(super) fn order_line(order: &Order, checkout_url: Option<String>, zone: &Zone) -> OrderLine {
    let (progress, state) = match order.state {
        OrderState::Ordered => (Progress::Waiting, "Order pending".to_owned()),
        OrderState::Applied => (Progress::Done, "Paid and added".to_owned()),
        OrderState::Failed => {
            let reason = order.reason.as_deref().unwrap_or("no reason was given");
            (Progress::Failed, format!("Payment failed: {reason}"))
        }
        OrderState::Cancelled => (Progress::Failed, "Cancelled".to_owned()),
    };
    OrderLine {
        id: order.id.clone(),
        kind: order.kind,
        item: order.item.clone(),
        name: order.title(),
        credits: order.credits,
        is_pending: order.is_pending(),
        is_free: order.is_free(),
        may_cancel: matches!(order.state, OrderState::Ordered | OrderState::Failed),
        price: price(order.price.as_ref(), order.currency.as_ref()),
        progress,
        state,
        ordered: format!("{}, {}", moment(order.created_at, zone), order.actor),
        checkout_url,
    }
}

/// `asker` is the reader's name when they may say what the agency thinks of its clients' requests.
fn dispute_line(dispute: &Dispute, asker: Option<&str>, zone: &Zone) -> DisputeLine {
    let progress = match dispute.state {
        DisputeState::Open => Progress::Waiting,
        DisputeState::Accepted => Progress::Done,
        DisputeState::Refused => Progress::Failed,
    };
    let is_open = dispute.state == DisputeState::Open;
    DisputeLine {
        id: dispute.id.clone(),
        event: format!("{} · {}", dispute.source, dispute.event),
        credits: dispute.credits,
        reason: dispute.reason.clone(),
        asked: format!("{}, {}", moment(dispute.created_at, zone), dispute.actor),
        progress,
        state: decision_words(dispute),
        support: dispute.support.as_ref().map(support_words),
        may_support: is_open
            && dispute.is_of_client
            && asker.is_some_and(|asker| asker != dispute.actor),
    }
}

fn grant_line(grant: &Grant, billing: &Billing) -> GrantLine {
    let now = billing.read_at.now;
    let status = match () {
        () if grant.active.start > now => GrantStatus::Upcoming,
        () if grant.remaining() <= Credits::ZERO => GrantStatus::UsedUp,
        () if grant.active.end <= now => GrantStatus::Expired,
        () => GrantStatus::Active,
    };
    let day = |time: Time| billing.zone.day(time);
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
        status,
        reference: grant.reference.clone(),
    }
}

/// The entry before which older ones begin.
pub(super) fn older(billing: &Billing) -> Option<i64> {
    let shown = usize::try_from(LEDGER_LINES).ok()?;
    let has_more = billing.entries.len() > shown;
    billing
        .entries
        .get(shown - 1)
        .filter(|_| has_more)
        .map(|line| line.number)
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
        assert_eq!(unit("499", 75_000).as_deref(), Some("€6.65 per 1,000"));
        assert_eq!(unit("59", 5_000).as_deref(), Some("€11.80 per 1,000"));
        assert_eq!(unit("1", 0), None);
        assert_eq!(unit_price(None, None, Credits::ZERO), None);
    }
}
