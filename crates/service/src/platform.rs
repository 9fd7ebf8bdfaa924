//! Usage across all accounts, for those who run the platform. Days, weeks and months are those of UTC.

mod accounts;
mod figures;
mod reads;
mod uses;

use domain::{
    AccountId, FieldError, Invalid, Time, TimeRange,
    calendar::{Comparison, ResolvedPeriod, Window, Zone},
    filter::{PeriodChoice, ViewQuery},
    time::{DAY_US, HOUR_US},
};

pub use figures::{Adoption, Concentration, PARTS, RunOuts};
pub(crate) use uses::SpansRead;

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    selection::period_choice,
    trends::{Mover, Trends},
};

/// Longest period, in days: longer ones would be told apart by nobody.
pub const MOST_DAYS: i64 = 400;
/// Most plans that a view is narrowed to.
const MOST_PLANS: usize = 100;
/// Plans that are named: any beyond are shown by their keys.
const PLANS_NAMED: u32 = 1_000;
/// Accounts that are named.
pub const MOST_NAMED: usize = 10;

/// What usage across accounts is kept apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlatformBy {
    /// The agent.
    #[default]
    Agent,
    /// The activity.
    Activity,
    /// The plan an account had when its usage was recorded.
    Plan,
    /// The account: the largest, and all others.
    Account,
}

impl PlatformBy {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Activity => "activity",
            Self::Plan => "plan",
            Self::Account => "account",
        }
    }
}

impl std::str::FromStr for PlatformBy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "agent" => Ok(Self::Agent),
            "activity" => Ok(Self::Activity),
            "plan" => Ok(Self::Plan),
            "account" => Ok(Self::Account),
            _ => Err("must be one of agent, activity, plan, account"),
        }
    }
}

/// What is asked about the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformQuery {
    /// `7d`, `28d`, `30d`, `90d`, or dates in `from` and `to`; the last 30 days when left out. Everything else stays empty.
    pub period: ViewQuery,
    /// Keys of plans; all when empty.
    pub plans: Vec<String>,
    /// Keys of accounts, which go without plans; all when empty.
    pub accounts: Vec<String>,
    /// How long a window is.
    pub window: Window,
    /// What usage is kept apart by.
    pub by: PlatformBy,
    /// What it is compared with.
    pub compared: Comparison,
}

/// What a page of platform trends is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformTrends {
    /// Usage over time, by group; movers are accounts.
    pub trends: Trends,
    /// Accounts there are, of the plans asked for.
    pub accounts: u64,
    /// Accounts that used something in the period, and in the one before.
    pub active: (u64, u64),
    /// How many accounts used each agent.
    pub adoption: Vec<Adoption>,
    /// Accounts that had nothing left, and when.
    pub run_outs: RunOuts,
    /// How much of all usage is that of the largest accounts.
    pub concentration: Vec<Concentration>,
    /// The accounts that used most.
    pub largest: Vec<Mover>,
}

impl Services {
    /// Usage across all accounts.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] when the caller may not read every account; [`ServiceError::Invalid`] when a plan,
    /// an account or the period is none.
    pub async fn platform_trends(
        &self,
        caller: &Caller,
        query: &PlatformQuery,
    ) -> ServiceResult<PlatformTrends> {
        caller.require_platform(Permission::Read)?;
        self.check_plans(&query.plans).await?;
        let accounts = self.asked_accounts(query).await?;
        let zone = Zone::utc();
        let now = self.now();
        let period = whole_days(query, now, &zone)?;
        let windows = query
            .window
            .tile(period.range, &zone)
            .map_err(|error| ServiceError::invalid("window", error))?;
        let reads = if accounts.is_empty() {
            self.read_platform(query, period).await?
        } else {
            Box::pin(self.read_accounts(query, &accounts, period)).await?
        };
        let names = self.account_names(&figures::to_name(&reads.uses)).await?;
        let plans = self.plan_names(query.by).await?;
        let grouped = reads.grouped(query.by, &windows, &names, &plans);
        let trends = Trends {
            heat: crate::trends::heat(
                reads.hours.iter().map(|cell| (cell.start, cell.totals)),
                &zone,
            ),
            groups: grouped.groups,
            zone,
            window: query.window,
            windows,
            range: period.range,
            previous_range: period.previous,
            compared: query.compared,
            coverage: reads.coverage,
            total: grouped.total,
            previous: grouped.previous,
            movers: figures::movers(&reads.uses, &names),
            now,
        };
        Ok(PlatformTrends {
            accounts: reads.accounts,
            active: figures::active(&reads.uses),
            adoption: figures::adoption(&reads.uses),
            run_outs: figures::run_outs(&reads.run_outs, &reads.run_outs_before),
            concentration: figures::concentration(&reads.uses),
            largest: figures::largest(&reads.uses, &names),
            trends,
        })
    }

    async fn check_plans(&self, plans: &[String]) -> ServiceResult<()> {
        if plans.len() > MOST_PLANS {
            let message = format!("must be given at most {MOST_PLANS} times");
            return Err(Invalid::one("plan", "too_many", message).into());
        }
        for plan in plans {
            if self.store.plan(plan).await?.is_none() {
                let message = format!("'{plan}' is not a plan");
                return Err(Invalid::one("plan", "unknown_plan", message).into());
            }
        }
        Ok(())
    }

    async fn account_names(&self, accounts: &[AccountId]) -> ServiceResult<figures::Names> {
        let mut names = figures::Names::new();
        for id in accounts {
            if let Some(account) = self.directory.account_by_id(*id).await? {
                names.insert(*id, (account.key, account.name));
            }
        }
        Ok(names)
    }

    async fn plan_names(&self, by: PlatformBy) -> ServiceResult<reads::PlanNames> {
        if by != PlatformBy::Plan {
            return Ok(reads::PlanNames::new());
        }
        let plans = self.store.plans(None, PLANS_NAMED).await?;
        Ok(plans
            .into_iter()
            .map(|plan| (plan.key, plan.name))
            .collect())
    }
}

/// The period that is asked for, in whole days, and the one it is compared with. Usage across accounts is kept by hour: of
/// a running day, the hours that are over are compared.
fn whole_days(query: &PlatformQuery, now: Time, zone: &Zone) -> ServiceResult<ResolvedPeriod> {
    let asked = &query.period;
    let is_default = asked.period.is_none() && asked.from.is_none() && asked.to.is_none();
    let choice = if is_default {
        PeriodChoice::Days(30)
    } else {
        period_choice(asked, zone)?
    };
    let full_hour = full_hour(now);
    let period = match choice {
        PeriodChoice::Days(days) => ResolvedPeriod::last_days(days, full_hour, zone),
        PeriodChoice::Custom(range) => {
            check_days(range)?;
            ResolvedPeriod::custom(range, full_hour, zone)
        }
        PeriodChoice::ThisCycle | PeriodChoice::LastCycle => {
            let message =
                "must be one of 7d, 28d, 30d, 90d: billing cycles are those of one account";
            return Err(Invalid::one("period", "invalid", message).into());
        }
    };
    Ok(period.compared(query.compared, full_hour, zone))
}

/// The last full hour of UTC.
fn full_hour(now: Time) -> Time {
    now.plus_micros(-now.micros().rem_euclid(HOUR_US))
}

fn check_days(range: TimeRange) -> Result<(), Invalid> {
    let is_day = |time: Time| time.micros().rem_euclid(DAY_US) == 0;
    if !is_day(range.start) || !is_day(range.end) {
        let error = |field| {
            FieldError::invalid(
                field,
                "must be a date such as 2026-11-23: usage across accounts is kept by UTC day",
            )
        };
        return Err(Invalid(vec![error("from"), error("to")]));
    }
    if range.micros() > MOST_DAYS * DAY_US {
        let message = format!("must be at most {MOST_DAYS} days after from");
        return Err(Invalid::one("to", "invalid", message));
    }
    Ok(())
}
