//! Plans & add-ons: what the account has, what it can buy, and every movement of its credits.

mod entries;
mod lines;
mod offers;
mod requests;
mod summary;
mod tables;
mod words;

pub use lines::{
    DisputeLine, GrantLine, GrantStatus, LedgerLine, Offer, OrderLine, Progress, Standing,
};
pub use words::{pack_offer, plan_offer};

use domain::{
    ledger::{Balance, CreditFacts},
    usage::CycleView,
};
use leptos::prelude::*;

use super::frame::{Ask, Frame};
use crate::{PLANS_PATH, error::AppError, state::Remedy};

/// The page Plans & add-ons.
#[derive(Debug, Clone)]
pub struct PlansPage {
    frame: Frame,
    /// What helps the reader: buying, or asking someone who may.
    helps: Remedy,
    time_zone: String,
    cycle: CycleView,
    balance: Balance,
    is_suspended: bool,
    /// Display name of the plan.
    plan: String,
    /// Plans, smallest first.
    plans: Vec<Offer>,
    /// Packs, smallest first.
    packs: Vec<Offer>,
    /// The latest orders.
    orders: Vec<OrderLine>,
    /// The latest requests for refunds.
    disputes: Vec<DisputeLine>,
    /// Every grant, newest first.
    grants: Vec<GrantLine>,
    /// A page of the ledger, newest first.
    ledger: Vec<LedgerLine>,
    /// The entry before which older ones begin.
    older: Option<i64>,
}

impl PlansPage {
    pub(super) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (_, caller) = ask.current.known()?;
        let (scope, frame) = ask.frame(PLANS_PATH).await?;
        let time_zone = scope.account().time_zone.clone();
        let asker = scope.may_support().then(|| caller.name().to_owned());
        let before = ask.value("before").and_then(|before| before.parse().ok());
        let billing = ask.services.billing(scope, before).await?;
        let helps = Remedy::for_reader(frame.reader());
        let checkout = |order: &domain::ledger::Order| ask.services.checkout_url(order);
        Ok(Self {
            helps,
            time_zone,
            orders: words::order_lines(&billing, checkout),
            disputes: words::dispute_lines(&billing, asker.as_deref()),
            grants: words::grant_lines(&billing),
            older: words::older(&billing),
            ledger: entries::lines(&billing),
            plans: words::plan_offers(&billing),
            packs: words::pack_offers(&billing),
            balance: billing.books.balance.unwrap_or(Balance::EMPTY),
            is_suspended: billing.books.is_suspended,
            cycle: billing.cycle,
            plan: billing.plan.name,
            frame,
        })
    }

    pub(super) fn view(self) -> AnyView {
        let lead = format!("{} · {}", self.cycle.label, self.time_zone);
        let parts = view! {
            {self.stopped()}
            {self.summary()}
            {self.offers()}
            {self.orders_section()}
            {self.disputes_section()}
            {self.grant_table()}
            {self.ledger_table()}
        };
        self.frame
            .clone()
            .view("Plans & add-ons", lead, parts.into_any())
    }

    fn facts(&self) -> CreditFacts {
        CreditFacts::of_account(self.balance, self.is_suspended)
    }
}
