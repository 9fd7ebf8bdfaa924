//! Plans & add-ons: what an account has, what it can buy, and every movement of its credits.

use domain::{
    AccountId, Time,
    calendar::{Cycles, Zone},
    filter::ViewQuery,
    ledger::{Balance, BooksView, Dispute, DisputeState, Grant, Order, OrderKind},
    live::ReadAt,
    tenancy::Plan,
    usage::CycleView,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    books::{BooksAsk, books_view, desk_of},
    dashboard::{cycle_view, range_label},
    desk::Desk,
    forecast::{AccountForecast, LookAhead, Place},
    orders::{Catalogue, OrderAsk, PlanBase, order_of_pack, order_of_plan},
    ports::{BooksNeeds, NumberedEntry},
};

/// Orders and disputes a page shows.
const SHOWN: u32 = 20;
/// Lines of the ledger a page shows.
pub const LEDGER_LINES: u32 = 50;

/// What is asked of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillingQuery {
    /// The entry of the ledger before which it is read; the newest when none.
    pub before: Option<i64>,
    /// What somebody is about to order.
    pub wanted: Option<OrderAsk>,
}

/// What an order would do, and to what, if it were paid now.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The order, as it would be placed.
    pub order: Order,
    /// The balance that it would come to.
    pub balance: Balance,
    /// What would probably be of the cycle.
    pub forecast: AccountForecast,
}

/// Everything on the page.
#[derive(Debug, Clone)]
pub struct Billing {
    /// What will probably be of the cycle.
    pub forecast: AccountForecast,
    /// What each pack and plan on offer would do; nothing of what cannot be counted any more.
    pub effects: Vec<Effect>,
    /// What is about to be ordered, and what it would do; none when it is not on offer.
    pub wanted: Option<Effect>,
    /// The orders that wait for their payment, the newest first.
    pub pending: Vec<Order>,
    /// Where and when it was read.
    pub read_at: ReadAt,
    /// The zone its times are shown in.
    pub zone: Zone,
    /// The running cycle.
    pub cycle: CycleView,
    /// All its cycles.
    pub cycles: Cycles,
    /// Balance and running calls.
    pub books: BooksView,
    /// The plan the account is on.
    pub plan: Plan,
    /// What a change of it is measured by.
    pub base: PlanBase,
    /// What can be bought.
    pub catalogue: Catalogue,
    /// Every grant: those that can pay first, then those that end last.
    pub grants: Vec<Grant>,
    /// A page of the ledger, newest first, and one line more when there are older ones.
    pub entries: Vec<NumberedEntry>,
    /// The latest orders.
    pub orders: Vec<Order>,
    /// The latest requests for refunds, open ones first.
    pub disputes: Vec<Dispute>,
}

impl Billing {
    /// The billing cycle that holds an instant, in words.
    pub fn cycle_of(&self, time: Time) -> String {
        range_label(self.cycles.at(time).range, self.cycles.zone())
    }
}

impl Services {
    /// Reads the page. Not for callers who see some companies only.
    pub async fn billing(&self, scope: Scope, query: BillingQuery) -> ServiceResult<Billing> {
        scope.require_all()?;
        let view = self.view(scope.clone(), &ViewQuery::default()).await?;
        let (account, now) = (scope.account.id, view.now);
        // As it is stored: what is shown here is looked at again when it is ordered.
        let (catalogue, plan) = (
            self.catalogue(&scope).await?,
            self.present_plan(&scope).await?,
        );
        let entries = self
            .store
            .entries(account, query.before, LEDGER_LINES + 1)
            .await?;
        let orders = self.store.orders(account, None, SHOWN).await?;
        let disputes = self.latest_disputes(&scope).await?;
        let mut snapshot = self.store.snapshot().await?;
        let books = books_view(snapshot.as_mut(), BooksAsk::of(&view, now)).await?;
        let needs = BooksNeeds {
            all_grants: true,
            pending_orders: true,
            ..BooksNeeds::default()
        };
        let desk = desk_of(snapshot.as_mut(), account, needs, now).await?;
        let base = PlanBase::new(plan.clone(), desk.allotted(account), &catalogue.plans);
        let place = Place::at(&scope, now)?;
        let shop = Shop {
            ahead: LookAhead::read(snapshot.as_mut(), &scope, place).await?,
            desk: &desk,
            account,
            base: &base,
            catalogue: &catalogue,
        };
        let forecast = shop
            .ahead
            .of(&desk, account)
            .ok_or(ServiceError::NotFound)?;
        let effects = shop.effects();
        let wanted = query.wanted.and_then(|asked| shop.wanted(&asked));
        let mut grants = desk
            .books(account)
            .map(|books| books.grants().to_vec())
            .unwrap_or_default();
        grants.sort_unstable_by_key(|grant| {
            let is_over = grant.active.end <= now || grant.remaining().is_zero();
            (is_over, std::cmp::Reverse((grant.active.end, grant.number)))
        });
        Ok(Billing {
            forecast,
            effects,
            wanted,
            pending: desk.pending_orders(account),
            read_at: ReadAt {
                as_of: snapshot.as_of().await?,
                books: books.version,
                now,
            },
            cycle: cycle_view(&view, view.cycles.at(now)),
            cycles: view.cycles.clone(),
            zone: view.zone,
            books,
            plan,
            base,
            catalogue,
            grants,
            entries,
            orders,
            disputes,
        })
    }

    /// The latest requests for refunds, open ones first.
    async fn latest_disputes(&self, scope: &Scope) -> ServiceResult<Vec<Dispute>> {
        let open = [DisputeState::Open];
        let mut disputes = self.disputes(scope, &open, None, SHOWN).await?;
        let decided = self.disputes(scope, &DisputeState::DECIDED, None, SHOWN);
        disputes.extend(decided.await?);
        disputes.truncate(SHOWN as usize);
        Ok(disputes)
    }
}

/// What can be bought by whom, to say what it would do.
struct Shop<'a> {
    ahead: LookAhead,
    desk: &'a Desk,
    account: AccountId,
    base: &'a PlanBase,
    catalogue: &'a Catalogue,
}

impl Shop<'_> {
    /// What one of everything would do.
    fn effects(&self) -> Vec<Effect> {
        let packs = self.catalogue.packs.iter();
        let plans = self.catalogue.plans.iter();
        let packs = packs.filter_map(|pack| order_of_pack(pack, 1).ok());
        let plans = plans.map(|plan| order_of_plan(plan, self.base));
        packs
            .chain(plans)
            .filter_map(|order| self.effect(order))
            .collect()
    }

    /// What an order would do: it is paid on a copy of the books. None when it could not be paid.
    fn effect(&self, order: Order) -> Option<Effect> {
        let paid = self.desk.if_paid(self.account, &order).ok()?;
        Some(Effect {
            order,
            balance: paid.balance(self.account)?,
            forecast: self.ahead.of(&paid, self.account)?,
        })
    }

    /// What is about to be ordered would do; none when it is not on offer.
    fn wanted(&self, asked: &OrderAsk) -> Option<Effect> {
        let order = match asked.kind {
            OrderKind::Pack => {
                let mut packs = self.catalogue.packs.iter();
                let pack = packs.find(|pack| pack.key == asked.item)?;
                order_of_pack(pack, asked.quantity).ok()?
            }
            OrderKind::Plan => {
                let mut plans = self.catalogue.plans.iter();
                let plan = plans.find(|plan| plan.key == asked.item)?;
                (plan.key != self.base.plan.key).then(|| order_of_plan(plan, self.base))?
            }
        };
        self.effect(order)
    }
}
