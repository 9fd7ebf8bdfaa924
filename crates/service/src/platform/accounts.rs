//! Usage of some accounts, as the platform looks at all of them: from the accounts' own totals, because those of all
//! accounts know no single one.

use domain::{AccountId, Invalid, TimeRange, calendar::ResolvedPeriod, usage::Totals};

use super::{PLANS_NAMED, PlatformBy, PlatformQuery, figures, reads::Reads, uses::AccountUse};
use crate::{
    ServiceResult, Services,
    ports::{Cell, GroupBy, GroupKey, PlatformCell, PlatformKey, Selection, Snapshot, StoreResult},
    split::{Ask, read_cells},
    trends::MOST_GROUPS,
};

/// Most accounts that a view is narrowed to.
const MOST_ACCOUNTS: usize = 20;

impl Services {
    /// The accounts that a view is narrowed to; none when it is not.
    pub(super) async fn asked_accounts(
        &self,
        query: &PlatformQuery,
    ) -> ServiceResult<Vec<AccountId>> {
        if query.accounts.len() > MOST_ACCOUNTS {
            let message = format!("must be given at most {MOST_ACCOUNTS} times");
            return Err(Invalid::one("account", "too_many", message).into());
        }
        if !(query.accounts.is_empty() || query.plans.is_empty()) {
            let message = "goes without account: send one or the other";
            return Err(Invalid::one("plan", "invalid", message).into());
        }
        let mut accounts = Vec::with_capacity(query.accounts.len());
        for key in &query.accounts {
            let Some(account) = self.directory.account(key).await? else {
                let message = format!("'{key}' is not an account");
                return Err(Invalid::one("account", "unknown_account", message).into());
            };
            if !accounts.contains(&account.id) {
                accounts.push(account.id);
            }
        }
        Ok(accounts)
    }

    /// All that is read of some accounts.
    pub(super) async fn read_accounts(
        &self,
        query: &PlatformQuery,
        accounts: &[AccountId],
        period: ResolvedPeriod,
    ) -> ServiceResult<Reads> {
        let plans = match query.by {
            PlatformBy::Plan => self.store.plans(None, PLANS_NAMED).await?,
            _ => Vec::new(),
        };
        let mut snapshot = self.store.snapshot().await?;
        let snapshot = snapshot.as_mut();
        let group_by = match query.by {
            PlatformBy::Agent => GroupBy::Agent,
            PlatformBy::Activity => GroupBy::Activity,
            PlatformBy::Plan | PlatformBy::Account => GroupBy::All,
        };
        let mut cells = totals(snapshot, accounts, period.range, group_by).await?;
        let mut before = totals(snapshot, accounts, period.previous, group_by).await?;
        if query.by == PlatformBy::Plan {
            (cells, before) = (Vec::new(), Vec::new());
            for plan in plans {
                let (now, then) = self.by_plan(snapshot, accounts, plan.key, period).await?;
                cells.extend(now);
                before.extend(then);
            }
        }
        let hours = totals(snapshot, accounts, period.range, GroupBy::All).await?;
        let uses = self.uses_of(snapshot, accounts, &[], period).await?;
        let largest: Vec<_> = figures::by_use(&uses)
            .into_iter()
            .take(MOST_GROUPS)
            .map(|found| found.account)
            .collect();
        let is_asked = |account| accounts.contains(&account);
        let mut run_outs = snapshot.run_outs(&[], period.range).await?;
        run_outs.retain(|run_out| is_asked(run_out.account));
        let mut run_outs_before = snapshot.run_outs(&[], period.previous).await?;
        run_outs_before.retain(|run_out| is_asked(run_out.account));
        Ok(Reads {
            cells,
            before,
            hours,
            days: snapshot.account_days(&largest, &[], period.range).await?,
            uses,
            run_outs,
            run_outs_before,
            accounts: accounts.len() as u64,
            coverage: period.coverage(snapshot.platform_start().await?),
        })
    }

    /// What some accounts used, while they had one of these plans.
    async fn uses_of(
        &self,
        snapshot: &mut dyn Snapshot,
        accounts: &[AccountId],
        plans: &[String],
        period: ResolvedPeriod,
    ) -> StoreResult<Vec<AccountUse>> {
        let mut uses = self.read_uses(snapshot, plans, period).await?;
        uses.retain(|used| accounts.contains(&used.account));
        Ok(uses)
    }

    /// What some accounts used while they had a plan, now by day and before in all.
    async fn by_plan(
        &self,
        snapshot: &mut dyn Snapshot,
        accounts: &[AccountId],
        plan: String,
        period: ResolvedPeriod,
    ) -> StoreResult<(Vec<PlatformCell>, Vec<PlatformCell>)> {
        let key = PlatformKey::Plan(plan.clone());
        let plans = [plan];
        let cell = |start, totals| PlatformCell {
            start,
            key: key.clone(),
            totals,
        };
        let days = snapshot.account_days(accounts, &plans, period.range);
        let days = days.await?.into_iter();
        let now = days.map(|day| cell(day.start, day.totals)).collect();
        let uses = self.uses_of(snapshot, accounts, &plans, period).await?;
        let earlier = uses.iter().filter(|used| used.before != Totals::default());
        let before = earlier.map(|used| cell(period.previous.start, used.before));
        Ok((now, before.collect()))
    }
}

/// Totals of accounts over a range, of all of them together.
async fn totals(
    snapshot: &mut dyn Snapshot,
    accounts: &[AccountId],
    range: TimeRange,
    group_by: GroupBy,
) -> StoreResult<Vec<PlatformCell>> {
    let selection = Selection::default();
    let mut all = Vec::new();
    for account in accounts {
        let ask = Ask {
            account: *account,
            selection: &selection,
            days_of: None,
            group_by,
        };
        let cells = read_cells(snapshot, ask, range).await?;
        all.extend(cells.into_iter().map(of_platform));
    }
    Ok(all)
}

fn of_platform(cell: Cell) -> PlatformCell {
    let key = match cell.key {
        GroupKey::Agent(agent) => PlatformKey::Agent(agent),
        GroupKey::Activity(activity) => PlatformKey::Activity(activity),
        GroupKey::All | GroupKey::Company(_) => PlatformKey::All,
    };
    PlatformCell {
        start: cell.start,
        key,
        totals: cell.totals,
    }
}
