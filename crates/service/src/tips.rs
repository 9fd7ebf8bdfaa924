//! Tips: what is worth knowing now, each worked out from usage and with a page that shows how.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    AccountId, CompanyId, Time, TimeRange, calendar::Zone, tenancy::CompanyScope, usage::Totals,
};
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::{
    Scope, ServiceResult, Services, forecast::BudgetEnd, ingest::account_cycles, spikes::FoundSpike,
};

/// How long tips may be told again without being worked out anew.
const FRESH: Duration = Duration::from_mins(1);
/// Most accounts of which tips are remembered.
const CAPACITY: u64 = 10_000;
/// Calls under ten seconds are told of when they are at least this part of what calls cost: a twentieth.
const LEAST_SHORT_PART: i64 = 20;
/// And when there are so many, so that chance tells nothing.
const LEAST_SHORT_CALLS: u64 = 20;

/// What is worth knowing, the most urgent first.
#[derive(Debug, Clone, PartialEq)]
pub struct Tips {
    /// The zone instants are told in.
    pub zone: Zone,
    /// When they were worked out.
    pub as_of: Time,
    /// The tips; none when everything is as usual.
    pub tips: Vec<Tip>,
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tip {
    /// The largest spike of the last seven days that nobody looked through, and the week it is in.
    Spike(TimeRange, FoundSpike),
    /// The first company whose budget will be used up in the cycle.
    Budget(BudgetEnd, TimeRange),
    /// A plan that would have cost less.
    Plan(CheaperPlan),
    /// Calls too short to have brought in anything, and all calls of the cycle.
    ShortCalls(Totals, Totals),
}

/// A plan that would have cost less than the account's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheaperPlan {
    /// Its name.
    pub name: String,
    /// The name of the account's own.
    pub own: String,
    /// How much less it would have cost, in millionths of the currency.
    pub saved_micro: i64,
    /// The currency of both.
    pub currency: String,
    /// Over how many cycles.
    pub cycles: usize,
}

/// The tips of one account by the companies a reader may see; all when none are named. Whoever works some out holds it,
/// so that many readers at once cause no more work than one.
type Shelf = Arc<Mutex<HashMap<Option<Vec<CompanyId>>, Arc<Tips>>>>;

/// Tips that were worked out a moment ago.
#[derive(Clone)]
pub(crate) struct Remembered(Cache<AccountId, Shelf>);

impl Default for Remembered {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(CAPACITY);
        Self(cache.time_to_live(FRESH).build())
    }
}

impl Remembered {
    /// Works the tips of an account out anew when they are asked for next.
    pub(crate) fn forget(&self, account: AccountId) {
        self.0.invalidate(&account);
    }
}

impl Services {
    /// What is worth knowing of all that a reader may see of an account. Readers of some companies only are told of
    /// these.
    ///
    /// The answer is at most a minute old; whatever is done in the account has it worked out anew. None when it could
    /// not be, which is written to the log: a page is of use without.
    pub async fn tips(&self, scope: &Scope) -> Option<Arc<Tips>> {
        self.remembered_tips(scope)
            .await
            .inspect_err(|error| tracing::error!(%error, "tips could not be worked out"))
            .ok()
    }

    async fn remembered_tips(&self, scope: &Scope) -> ServiceResult<Arc<Tips>> {
        let companies = match &scope.companies {
            CompanyScope::All => None,
            CompanyScope::Only(companies) => Some(companies.clone()),
        };
        let remembered = self.tips.0.get_with(scope.account.id, Shelf::default);
        let mut remembered = remembered.lock().await;
        if let Some(known) = remembered.get(&companies) {
            return Ok(Arc::clone(known));
        }
        let tips = Arc::new(Box::pin(self.find_tips(scope)).await?);
        remembered.insert(companies, Arc::clone(&tips));
        Ok(tips)
    }

    async fn find_tips(&self, scope: &Scope) -> ServiceResult<Tips> {
        let cycles = account_cycles(&scope.account)?;
        let now = self.now();
        let mut tips = Vec::new();
        if let Some((week, spike)) = self.unseen_spike(scope).await? {
            tips.push(Tip::Spike(week, spike));
        }
        if scope.sees_all() {
            if let Some(end) = self.first_budget_end(scope).await? {
                tips.push(Tip::Budget(end, cycles.at(now).range));
            }
            tips.extend(self.cheaper_plan(scope).await?.map(Tip::Plan));
        }
        let (short, calls) = self.short_calls(scope).await?;
        let least = calls.credits.micro() / LEAST_SHORT_PART;
        if short.events >= LEAST_SHORT_CALLS && short.credits.micro() > least {
            tips.push(Tip::ShortCalls(short, calls));
        }
        Ok(Tips {
            zone: cycles.zone().clone(),
            as_of: now,
            tips,
        })
    }

    async fn cheaper_plan(&self, scope: &Scope) -> ServiceResult<Option<CheaperPlan>> {
        let advice = self.advice(scope).await?;
        let Some(((best, saved_micro), own)) = advice.better().zip(advice.own()) else {
            return Ok(None);
        };
        Ok(Some(CheaperPlan {
            name: best.plan.name.clone(),
            own: own.plan.name.clone(),
            saved_micro,
            cycles: advice.cycles.len(),
            currency: advice.currency.clone().unwrap_or_default(),
        }))
    }
}
