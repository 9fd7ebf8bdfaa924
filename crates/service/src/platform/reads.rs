//! What is read about the platform, in one snapshot.

use std::collections::BTreeMap;

use domain::{
    AccountId, TimeRange,
    activity::activity_label,
    calendar::{Coverage, ResolvedPeriod, Window},
    usage::Totals,
};

use super::{
    PlatformBy, PlatformQuery,
    figures::{self, Names},
    uses::AccountUse,
};
use crate::{
    ServiceResult, Services,
    ports::{
        AccountDay, PlatformCell, PlatformGrain, PlatformGroupBy, PlatformKey, RunOut, Snapshot,
        Span, StoreResult,
    },
    trends::{GroupName, Grouped, Groups, MOST_GROUPS},
};

/// Plans' names by their keys.
pub(super) type PlanNames = BTreeMap<String, String>;

/// All that is read.
pub(super) struct Reads {
    pub cells: Vec<PlatformCell>,
    pub before: Vec<PlatformCell>,
    pub hours: Vec<PlatformCell>,
    pub uses: Vec<AccountUse>,
    /// The largest accounts by day; only when usage is kept apart by account.
    pub days: Vec<AccountDay>,
    pub run_outs: Vec<RunOut>,
    pub run_outs_before: Vec<RunOut>,
    pub accounts: u64,
    pub coverage: Coverage,
}

impl Services {
    pub(super) async fn read_platform(
        &self,
        query: &PlatformQuery,
        period: ResolvedPeriod,
    ) -> ServiceResult<Reads> {
        let plans = query.plans.as_slice();
        let group_by = match query.by {
            PlatformBy::Agent => PlatformGroupBy::Agent,
            PlatformBy::Activity => PlatformGroupBy::Activity,
            PlatformBy::Plan => PlatformGroupBy::Plan,
            PlatformBy::Account => PlatformGroupBy::All,
        };
        let grain = match query.window {
            Window::Hour => PlatformGrain::Hour,
            Window::Day | Window::Week | Window::Month => PlatformGrain::Day,
        };
        let mut snapshot = self.store.snapshot().await?;
        let cells = snapshot
            .platform_cells(plans, period.range, grain, group_by)
            .await?;
        let before = cells_before(snapshot.as_mut(), plans, period.previous, group_by).await?;
        let hours = snapshot
            .platform_cells(
                plans,
                period.range,
                PlatformGrain::Hour,
                PlatformGroupBy::All,
            )
            .await?;
        let uses = self.read_uses(snapshot.as_mut(), plans, period).await?;
        let largest: Vec<_> = match query.by {
            PlatformBy::Account => figures::by_use(&uses)
                .into_iter()
                .take(MOST_GROUPS)
                .collect(),
            _ => Vec::new(),
        };
        let largest: Vec<AccountId> = largest.into_iter().map(|found| found.account).collect();
        let by_day = if largest.is_empty() {
            Vec::new()
        } else {
            snapshot.account_days(&largest, plans, period.range).await?
        };
        Ok(Reads {
            cells,
            before,
            hours,
            uses,
            days: by_day,
            run_outs: snapshot.run_outs(plans, period.range).await?,
            run_outs_before: snapshot.run_outs(plans, period.previous).await?,
            accounts: snapshot.accounts_of_plans(plans).await?,
            coverage: period.coverage(snapshot.platform_start().await?),
        })
    }
}

/// The whole days of a range of hours, and the hours after them.
pub(super) fn days_and_hours(range: TimeRange) -> (TimeRange, TimeRange) {
    let last_day = Span::day_of(range.end).start().max(range.start);
    (
        TimeRange::new(range.start, last_day),
        TimeRange::new(last_day, range.end),
    )
}

/// Totals of a range that begins with a day and ends with an hour.
async fn cells_before(
    snapshot: &mut dyn Snapshot,
    plans: &[String],
    range: TimeRange,
    group_by: PlatformGroupBy,
) -> StoreResult<Vec<PlatformCell>> {
    let (days, hours) = days_and_hours(range);
    let mut cells = snapshot
        .platform_cells(plans, days, PlatformGrain::Day, group_by)
        .await?;
    let of_hours = snapshot.platform_cells(plans, hours, PlatformGrain::Hour, group_by);
    cells.extend(of_hours.await?);
    Ok(cells)
}

impl Reads {
    /// Usage by group over the windows.
    pub(super) fn grouped(
        &self,
        by: PlatformBy,
        windows: &[TimeRange],
        names: &Names,
        plans: &PlanNames,
    ) -> Grouped {
        if by == PlatformBy::Account {
            return self.by_account(windows, names);
        }
        let mut groups = Groups::over(windows);
        for cell in &self.cells {
            groups.add(named(&cell.key, plans), cell.start, cell.totals);
        }
        for cell in &self.before {
            groups.add_before(named(&cell.key, plans), cell.totals);
        }
        groups.finish(by == PlatformBy::Agent)
    }

    /// The largest accounts by themselves; the others are what they leave of all.
    fn by_account(&self, windows: &[TimeRange], names: &Names) -> Grouped {
        let mut groups = Groups::over(windows);
        for day in &self.days {
            groups.add(figures::name(day.account, names), day.start, day.totals);
        }
        let apart = figures::by_use(&self.uses);
        for found in apart.iter().take(MOST_GROUPS) {
            groups.add_before(figures::name(found.account, names), found.before);
        }
        let mut grouped = groups.finish(false);
        let others = apart.len().saturating_sub(MOST_GROUPS);
        if others == 0 {
            return grouped;
        }
        let mut all = Groups::over(windows);
        for cell in &self.cells {
            all.add(GroupName::default(), cell.start, cell.totals);
        }
        for cell in &self.before {
            all.add_before(GroupName::default(), cell.totals);
        }
        let all = all.finish(false);
        if let Some(mut rest) = all.groups.into_iter().next() {
            rest.key = None;
            rest.name = format!("{others} others");
            rest.layer = MOST_GROUPS;
            for group in &grouped.groups {
                take(&mut rest.total, group.total);
                take(&mut rest.previous, group.previous);
                for (left, point) in rest.points.iter_mut().zip(&group.points) {
                    take(left, *point);
                }
            }
            grouped.groups.push(rest);
        }
        grouped.total = all.total;
        grouped.previous = all.previous;
        grouped
    }
}

/// Takes totals from those they are part of.
fn take(all: &mut Totals, part: Totals) {
    all.credits = all.credits.saturating_sub(part.credits);
    all.events = all.events.saturating_sub(part.events);
}

fn named(key: &PlatformKey, plans: &PlanNames) -> GroupName {
    match key {
        PlatformKey::All => GroupName::default(),
        PlatformKey::Agent(agent) => (agent.id().to_owned(), agent.name().to_owned()),
        PlatformKey::Activity(activity) => (activity.clone(), activity_label(activity)),
        PlatformKey::Plan(plan) => {
            let name = plans.get(plan).unwrap_or(plan);
            (plan.clone(), name.clone())
        }
    }
}
