//! What was used before today.

use std::collections::BTreeMap;

use domain::{
    CompanyId, Time, TimeRange,
    calendar::Zone,
    forecast::{Forecast, HourShares, MOST_DAYS, Pattern, Standing, Use},
    time::DAY_US,
};

use crate::{
    Scope, ServiceResult,
    ports::{Cell, GroupBy, GroupKey, Selection, Snapshot},
    split::{Ask, read_cells},
};

/// Days of which the hours are looked at: enough for every hour of a week twice.
const HOUR_DAYS: usize = 14;
/// Days that are read: one more than are learnt from, for clocks that change.
const PAST_DAYS: usize = MOST_DAYS + 1;

/// The days and hours before today that a forecast learns from.
pub(super) struct Past {
    today: Time,
    days: Vec<Cell>,
    hours: HourShares,
}

impl Past {
    /// Reads the days of a selection, by group.
    pub(super) async fn read(
        snapshot: &mut dyn Snapshot,
        scope: &Scope,
        zone: &Zone,
        now: Time,
        (selection, group_by): (&Selection, GroupBy),
    ) -> ServiceResult<Self> {
        let today = zone.day_of(now);
        let ask = ask(scope, selection, zone, group_by);
        Ok(Self {
            today,
            days: read_cells(snapshot, ask, back(PAST_DAYS, today, zone)).await?,
            hours: read_hours(snapshot, scope, today, zone).await?,
        })
    }

    pub(super) fn all_uses(&self) -> Vec<Use> {
        self.days.iter().map(cell_use).collect()
    }

    /// The uses of days that were read by company.
    pub(super) fn uses_by_company(&self) -> BTreeMap<CompanyId, Vec<Use>> {
        let mut uses: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for cell in &self.days {
            if let GroupKey::Company(id) = cell.key {
                uses.entry(id).or_default().push(cell_use(cell));
            }
        }
        uses
    }

    /// What these uses come to; none while there are too few days to learn from.
    pub(super) fn forecast(
        &self,
        uses: &[Use],
        zone: &Zone,
        standing: &Standing,
    ) -> Option<Forecast> {
        let pattern = Pattern::learn(uses, &self.hours, self.today, zone)?;
        Some(pattern.forecast(standing))
    }
}

/// Days of an account's zone, by group.
pub(super) const fn ask<'a>(
    scope: &Scope,
    selection: &'a Selection,
    zone: &'a Zone,
    group_by: GroupBy,
) -> Ask<'a> {
    Ask {
        account: scope.account.id,
        selection,
        days_of: Some(zone),
        group_by,
    }
}

/// So many days before today.
fn back(days: usize, today: Time, zone: &Zone) -> TimeRange {
    let days = i64::try_from(days).unwrap_or(0);
    TimeRange::new(zone.day_of(today.plus_micros(-days * DAY_US)), today)
}

/// How use spreads over the hours, of the last days and of all companies that the reader may see.
async fn read_hours(
    snapshot: &mut dyn Snapshot,
    scope: &Scope,
    today: Time,
    zone: &Zone,
) -> ServiceResult<HourShares> {
    let all = Selection {
        companies: scope.company_ids().map(<[_]>::to_vec),
        ..Selection::default()
    };
    let by_hour = Ask {
        days_of: None,
        ..ask(scope, &all, zone, GroupBy::All)
    };
    let hours = read_cells(snapshot, by_hour, back(HOUR_DAYS, today, zone)).await?;
    let hours: Vec<_> = hours.iter().map(cell_use).collect();
    Ok(HourShares::learn(&hours, today, zone))
}

fn cell_use(cell: &Cell) -> Use {
    Use {
        start: cell.start,
        credits: cell.totals.credits,
    }
}
