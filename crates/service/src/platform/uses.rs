//! What each account used, without adding up again what has not changed.
//!
//! That is by far the longest read of the page, and almost all of it is of days that are over. So their sums are
//! remembered together with the totals of those days over all accounts, which are few and quickly read: an event that is
//! reported late raises their number of events, and one that is given back lowers their credits. As long as they are the
//! same, so is every sum, and only today is added up.

use std::{collections::HashMap, sync::Arc};

use domain::{
    AccountId, Credits, Time, TimeRange,
    calendar::{ResolvedPeriod, Zone},
};
use moka::sync::Cache;

use crate::{
    Services,
    ports::{AccountUse, PlatformCell, PlatformGrain, PlatformGroupBy, Snapshot, StoreResult},
};

/// Most sums that are remembered, of all views together: some 25 MB.
const MOST_SUMS: u64 = 500_000;

/// Plans, the period up to today, and what it is compared with.
type Key = (Vec<String>, TimeRange, TimeRange);

/// Sums of days that are over, and the totals they belong to.
#[derive(Clone)]
pub(crate) struct Settled(Cache<Key, Arc<Remembered>>);

struct Remembered {
    totals: Vec<PlatformCell>,
    uses: Vec<AccountUse>,
}

impl Default for Settled {
    fn default() -> Self {
        let weight =
            |_: &Key, view: &Arc<Remembered>| u32::try_from(view.uses.len()).unwrap_or(u32::MAX);
        Self(
            Cache::builder()
                .weigher(weight)
                .max_capacity(MOST_SUMS)
                .build(),
        )
    }
}

impl Services {
    /// What each account used.
    pub(super) async fn read_uses(
        &self,
        snapshot: &mut dyn Snapshot,
        plans: &[String],
        period: ResolvedPeriod,
    ) -> StoreResult<Vec<AccountUse>> {
        let (range, previous) = (period.range, period.previous);
        let today = Zone::utc().day_of(self.now()).clamp(range.start, range.end);
        let over = TimeRange::new(range.start, today);
        let settled = self.read_settled(snapshot, plans, over, previous).await?;
        if today == range.end {
            return Ok(settled.uses.clone());
        }
        let (rest, nothing) = (TimeRange::new(today, range.end), none_at(today));
        let added = snapshot.account_uses(plans, rest, nothing).await?;
        Ok(joined(&settled.uses, added))
    }

    async fn read_settled(
        &self,
        snapshot: &mut dyn Snapshot,
        plans: &[String],
        over: TimeRange,
        previous: TimeRange,
    ) -> StoreResult<Arc<Remembered>> {
        let mut totals = Vec::new();
        for part in [over, previous] {
            let (grain, all) = (PlatformGrain::Day, PlatformGroupBy::All);
            totals.extend(snapshot.platform_cells(plans, part, grain, all).await?);
        }
        let key = (plans.to_vec(), over, previous);
        let known = self.settled.0.get(&key);
        if let Some(known) = known.filter(|known| known.totals == totals) {
            return Ok(known);
        }
        let uses = snapshot.account_uses(plans, over, previous).await?;
        let is_counted = totals.iter().all(is_counted);
        let read = Arc::new(Remembered { totals, uses });
        if is_counted {
            self.settled.0.insert(key, Arc::clone(&read));
        }
        Ok(read)
    }
}

/// Whether a total tells every change: one at the end of what can be counted does not.
fn is_counted(cell: &PlatformCell) -> bool {
    let credits = cell.totals.credits;
    credits != Credits::MAX && credits != Credits::from_micro(i64::MIN)
}

const fn none_at(time: Time) -> TimeRange {
    TimeRange::new(time, time)
}

/// What was used until today, and since.
fn joined(settled: &[AccountUse], added: Vec<AccountUse>) -> Vec<AccountUse> {
    let mut added: HashMap<AccountId, AccountUse> = added
        .into_iter()
        .map(|found| (found.account, found))
        .collect();
    let mut all = Vec::with_capacity(settled.len() + added.len());
    for found in settled {
        let mut found = *found;
        if let Some(today) = added.remove(&found.account) {
            found.now.add(today.now);
            for (used, too) in found.agents.iter_mut().zip(today.agents) {
                *used |= too;
            }
        }
        all.push(found);
    }
    all.extend(added.into_values());
    all
}
