//! Tips: what is worth knowing now, each worked out from usage and with a page that shows how.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    AccountId, CompanyId, Time, TimeRange, calendar::Zone, filter::ViewQuery, ledger::CreditFacts,
    usage::Totals,
};
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::{
    Scope, ServiceResult, Services, books::desk_of, forecast::BudgetEnd, ingest::account_cycles,
    ports::BooksNeeds, spikes::FoundSpike,
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
    /// The same of some of the companies that the reader sees: the week's review has no figures of them alone.
    SpikeOfSome(TimeRange, FoundSpike),
    /// The company that has passed its budget by most, how many others have used theirs up, and the cycle.
    BudgetsUsed(BudgetEnd, usize, TimeRange),
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

/// Views of one account of which tips are remembered.
const MOST_VIEWS: usize = 1_000;

/// Whether the reader sees the whole account, and the companies looked at; all when none are named.
type Looked = (bool, Option<Vec<CompanyId>>);

/// The tips of one account by what is looked at. Whoever works some out holds it,
/// so that many readers at once cause no more work than one.
type Shelf = Arc<Mutex<HashMap<Looked, Arc<Tips>>>>;

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
    /// What is worth knowing of the companies of a view; of all that a reader may see when it names none. Readers of some
    /// companies only are told of these.
    ///
    /// The answer is at most a minute old; whatever is done in the account has it worked out anew. None when it could
    /// not be, which is written to the log: a page is of use without.
    pub async fn tips(&self, scope: &Scope, query: &ViewQuery) -> Option<Arc<Tips>> {
        self.remembered_tips(scope, query)
            .await
            .inspect_err(|error| tracing::error!(%error, "tips could not be worked out"))
            .ok()
    }

    async fn remembered_tips(&self, scope: &Scope, query: &ViewQuery) -> ServiceResult<Arc<Tips>> {
        let of_companies = ViewQuery {
            companies: query.companies.clone(),
            ..ViewQuery::default()
        };
        let view = self.view(scope.clone(), &of_companies).await?;
        let companies = view.selection.companies;
        let remembered = self.tips.0.get_with(scope.account.id, Shelf::default);
        let mut remembered = remembered.lock().await;
        // What somebody who sees all is told of a company is learnt from all companies.
        let key = (scope.sees_all(), companies);
        if let Some(known) = remembered.get(&key) {
            return Ok(Arc::clone(known));
        }
        if remembered.len() >= MOST_VIEWS {
            remembered.clear();
        }
        let tips = Arc::new(Box::pin(self.find_tips(scope, key.1.as_deref())).await?);
        remembered.insert(key, Arc::clone(&tips));
        Ok(tips)
    }

    async fn find_tips(
        &self,
        scope: &Scope,
        companies: Option<&[CompanyId]>,
    ) -> ServiceResult<Tips> {
        let cycles = account_cycles(&scope.account)?;
        let now = self.now();
        let of_them = scope.narrowed(companies);
        let mut tips = Vec::new();
        if let Some((week, spike)) = self.unseen_spike(&of_them).await? {
            let count = |scope: &Scope| scope.company_ids().map(<[_]>::len);
            let is_of_all = count(&of_them) == count(scope);
            let tip = if is_of_all {
                Tip::Spike
            } else {
                Tip::SpikeOfSome
            };
            tips.push(tip(week, spike));
        }
        let cycle = cycles.at(now).range;
        let ends = self.budget_ends(scope, companies).await?;
        let (mut passed, ahead): (Vec<_>, Vec<_>) = ends.into_iter().partition(BudgetEnd::has_come);
        passed.sort_by_key(|end| std::cmp::Reverse(end.used.saturating_sub(end.budget)));
        if let Some(first) = passed.first() {
            tips.push(Tip::BudgetsUsed(first.clone(), passed.len() - 1, cycle));
        }
        // Nothing is used up while nothing is used.
        if !self.is_stopped(scope).await?
            && let Some(first) = ahead.into_iter().min_by_key(|end| end.at)
        {
            tips.push(Tip::Budget(first, cycle));
        }
        if of_them.sees_all() {
            tips.extend(self.cheaper_plan(scope).await?.map(Tip::Plan));
        }
        let (short, calls) = self.short_calls(&of_them).await?;
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

    /// Whether AI features of the account have stopped, for lack of credits or by the operator.
    async fn is_stopped(&self, scope: &Scope) -> ServiceResult<bool> {
        let account = scope.account.id;
        let mut snapshot = self.store.snapshot().await?;
        let desk = desk_of(
            snapshot.as_mut(),
            account,
            BooksNeeds::default(),
            self.now(),
        )
        .await?;
        let is_suspended = desk.is_suspended(account);
        Ok(desk.balance(account).map_or(is_suspended, |balance| {
            let facts = CreditFacts::of_account(balance, is_suspended);
            facts.state().is_stopped()
        }))
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
