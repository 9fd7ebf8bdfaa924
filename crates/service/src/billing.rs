//! Plans & add-ons: what an account has, what it can buy, and every movement of its credits.

use domain::{
    Time,
    calendar::{Cycles, Zone},
    filter::ViewQuery,
    ledger::{BooksView, Dispute, DisputeState, Grant, Order},
    live::ReadAt,
    tenancy::Plan,
    usage::CycleView,
};

use crate::{
    Scope, ServiceResult, Services,
    books::{BooksAsk, books_view, desk_of},
    dashboard::{cycle_view, range_label},
    orders::Catalogue,
    ports::{BooksNeeds, NumberedEntry},
};

/// Orders and disputes a page shows.
const SHOWN: u32 = 20;
/// Lines of the ledger a page shows.
pub const LEDGER_LINES: u32 = 50;

/// Everything on the page.
#[derive(Debug, Clone)]
pub struct Billing {
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
    /// Reads the page; the ledger from before an entry, or from the newest on. Not for callers who see some companies only.
    pub async fn billing(&self, scope: Scope, before: Option<i64>) -> ServiceResult<Billing> {
        scope.require_all()?;
        let view = self.view(scope.clone(), &ViewQuery::default()).await?;
        let (account, now) = (scope.account.id, view.now);
        let (catalogue, plan) = (self.catalogue(&scope).await?, self.plan_of(&scope).await?);
        let entries = self
            .store
            .entries(account, before, LEDGER_LINES + 1)
            .await?;
        let orders = self.store.orders(account, None, SHOWN).await?;
        let mut disputes = self
            .disputes(&scope, &[DisputeState::Open], None, SHOWN)
            .await?;
        let decided = self
            .disputes(&scope, &DisputeState::DECIDED, None, SHOWN)
            .await?;
        disputes.extend(decided);
        disputes.truncate(SHOWN as usize);
        let mut snapshot = self.store.snapshot().await?;
        let books = books_view(snapshot.as_mut(), BooksAsk::of(&view, now)).await?;
        let needs = BooksNeeds {
            all_grants: true,
            ..BooksNeeds::default()
        };
        let desk = desk_of(snapshot.as_mut(), account, needs, now).await?;
        let mut grants = desk
            .books(account)
            .map(|books| books.grants().to_vec())
            .unwrap_or_default();
        grants.sort_unstable_by_key(|grant| {
            let is_over = grant.active.end <= now || grant.remaining().is_zero();
            (is_over, std::cmp::Reverse((grant.active.end, grant.number)))
        });
        Ok(Billing {
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
            catalogue,
            grants,
            entries,
            orders,
            disputes,
        })
    }
}
