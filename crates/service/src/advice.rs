//! Which plan would have cost an account least: its last billing cycles, replayed under each plan.

use domain::{
    Credits, TimeRange,
    advice::{Offer, Replay, replay},
    calendar::Zone,
    filter::ViewQuery,
    tenancy::{Pack, Plan},
};

use crate::{
    Scope, ServiceResult, Services, orders::Catalogue, ports::GroupBy, selection::View,
    split::read_cells,
};

/// Cycles that are replayed.
pub const MOST_CYCLES: usize = 6;

/// What each plan would have cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The zone cycles are counted in.
    pub zone: Zone,
    /// The complete cycles since there is usage, the oldest first, at most [`MOST_CYCLES`], and what each used.
    pub cycles: Vec<(TimeRange, Credits)>,
    /// Key of the account's plan.
    pub plan: String,
    /// Currency of all prices; none when the account's plan has no price.
    pub currency: Option<String>,
    /// Plans in that currency, the cheapest first.
    pub replays: Vec<Replay>,
}

impl Advice {
    /// The account's own plan, when it could be replayed.
    pub fn own(&self) -> Option<&Replay> {
        self.replays
            .iter()
            .find(|replay| replay.plan.key == self.plan)
    }

    /// The plan that would have cost less than the account's own, and by how much, in millionths of the currency.
    pub fn better(&self) -> Option<(&Replay, i64)> {
        let (best, own) = (self.replays.first()?, self.own()?);
        let saved = own.total_micro.checked_sub(best.total_micro)?;
        (saved > 0 && !self.cycles.is_empty()).then_some((best, saved))
    }
}

impl Services {
    /// What the last cycles would have cost under each plan.
    ///
    /// # Errors
    /// [`crate::ServiceError::NotFound`] for readers of some companies only.
    pub async fn advice(&self, scope: &Scope) -> ServiceResult<Advice> {
        scope.require_all()?;
        let view = self.view(scope.clone(), &ViewQuery::default()).await?;
        let cycles = self.complete_cycles(&view).await?;
        let plan = scope.account().plan.clone();
        let Catalogue { plans, packs } = self.catalogue(scope).await?;
        let own = plans.iter().find(|other| other.key == plan);
        let currency = own
            .filter(|own| own.price.is_some())
            .and_then(|own| own.currency.clone());
        let replays = currency.as_deref().map_or_else(Vec::new, |currency| {
            let plans: Vec<_> = plans
                .iter()
                .filter_map(|plan| plan_offer(plan, currency))
                .collect();
            let packs: Vec<_> = packs
                .iter()
                .filter_map(|pack| pack_offer(pack, currency))
                .collect();
            let used: Vec<_> = cycles.iter().map(|(_, used)| *used).collect();
            replay(&used, &plans, &packs)
        });
        Ok(Advice {
            zone: view.cycles.zone().clone(),
            cycles,
            plan,
            currency,
            replays,
        })
    }

    /// Those that have ended, since the first with usage.
    async fn complete_cycles(&self, view: &View) -> ServiceResult<Vec<(TimeRange, Credits)>> {
        let mut cycle = view.cycles.at(view.now);
        let mut snapshot = self.store.snapshot().await?;
        let mut found = Vec::with_capacity(MOST_CYCLES);
        for _ in 0..MOST_CYCLES {
            cycle = view.cycles.before(cycle);
            let cells = read_cells(snapshot.as_mut(), view.ask(GroupBy::All), cycle.range).await?;
            let used = cells.iter().fold(Credits::ZERO, |sum, cell| {
                sum.saturating_add(cell.totals.credits)
            });
            found.push((cycle.range, used));
        }
        while found.last().is_some_and(|(_, used)| used.is_zero()) {
            found.pop();
        }
        found.reverse();
        Ok(found)
    }
}

fn plan_offer(plan: &Plan, currency: &str) -> Option<Offer> {
    Some(Offer {
        key: plan.key.clone(),
        name: plan.name.clone(),
        credits: plan.monthly_credits,
        price_micro: price(plan.price.as_ref(), plan.currency.as_ref(), currency)?,
    })
}

fn pack_offer(pack: &Pack, currency: &str) -> Option<Offer> {
    Some(Offer {
        key: pack.key.clone(),
        name: pack.name.clone(),
        credits: pack.credits,
        price_micro: price(pack.price.as_ref(), pack.currency.as_ref(), currency)?,
    })
}

/// A price in millionths, when it is in the wanted currency. Prices are decimals with as many places as credits.
fn price(price: Option<&String>, currency: Option<&String>, wanted: &str) -> Option<i64> {
    let price: Credits = price?.parse().ok()?;
    (currency?.as_str() == wanted).then_some(price.micro())
}
