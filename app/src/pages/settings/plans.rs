//! Plans & add-ons: what the account has, what it can buy, and every movement of its credits.

mod buy;
mod entries;
mod lines;
mod offers;
mod pending;
mod requests;
mod summary;
mod tables;
mod words;

pub use lines::{
    DisputeLine, EffectLine, GrantLine, GrantStatus, LedgerLine, Offer, OrderLine, Progress,
    Standing,
};
pub(super) use offers::buy_href;
pub use pending::order_words;

use domain::{
    ledger::{Balance, CreditFacts, Order},
    usage::CycleView,
};
use leptos::prelude::*;
use service::billing::BillingQuery;

use super::FramedPage;
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
    /// When the credits will probably be used up.
    runs_out: String,
    /// What is about to be ordered.
    summary: Option<buy::Summary>,
    /// The orders that wait for their payment, the newest first.
    pending: Vec<OrderLine>,
    /// The order that was just placed or cancelled here.
    shown: Option<OrderLine>,
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

impl FramedPage for PlansPage {
    const PATH: &'static str = PLANS_PATH;
    const TITLE: &'static str = "Plans & add-ons";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (_, caller) = ask.current.known()?;
        let (scope, frame) = ask.frame(PLANS_PATH).await?;
        let time_zone = scope.account().time_zone.clone();
        let asker = scope.may_support().then(|| caller.name().to_owned());
        let query = BillingQuery {
            before: ask.value("before").and_then(|before| before.parse().ok()),
            wanted: buy::wanted(ask).filter(|_| scope.may_bill()),
        };
        let billing = ask.services.billing(scope, query).await?;
        let helps = Remedy::for_reader(frame.reader());
        let lines = |orders: &[Order]| -> Vec<_> {
            let line =
                |order| words::order_line(order, ask.services.checkout_url(order), &billing.zone);
            orders.iter().map(line).collect()
        };
        let orders = lines(&billing.orders);
        let shown = ask.value("order");
        let mut shown = orders
            .iter()
            .filter(|line| shown.as_ref() == Some(&line.id));
        Ok(Self {
            helps,
            time_zone,
            runs_out: billing.forecast.runs_out_on(),
            summary: billing
                .wanted
                .as_ref()
                .and_then(|effect| buy::Summary::of(effect, &billing, ask.services.form_id())),
            pending: lines(&billing.pending),
            shown: shown.next().cloned(),
            orders,
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

    fn view(self) -> AnyView {
        let lead = format!("{} · {}", self.cycle.label, self.time_zone);
        let parts = view! {
            {self.outcome()}
            {self.pending_orders()}
            {self.stopped()}
            {self.summary()}
            {self.offers()}
            {self.orders_section()}
            {self.disputes_section()}
            {self.grant_table()}
            {self.ledger_table()}
            {self.cancel_form()}
            {self.sheet()}
        };
        self.frame
            .clone()
            .view("Plans & add-ons", lead, parts.into_any())
    }
}

impl PlansPage {
    fn facts(&self) -> CreditFacts {
        CreditFacts::of_account(self.balance, self.is_suspended)
    }
}
