//! What each account used, without reading again what has not changed.
//!
//! That is by far the longest read of the page, and almost all of it is of days that are over. So what accounts used in
//! a day or a week is remembered together with the totals of those days over all accounts, which are few and quickly
//! read: an event that is reported raises their number of events, and one that is given back lowers their credits. As
//! long as these are the same, so is what every account used.

use std::sync::Arc;

use domain::{
    AccountId, Credits, Time, TimeRange,
    calendar::{ResolvedPeriod, Zone},
    usage::Totals,
};
use moka::sync::Cache;

use super::{full_hour, reads::days_and_hours};
use crate::{
    ServiceResult, Services,
    ports::{PlatformGrain, PlatformGroupBy, Snapshot, Span, SpanUse, StoreResult},
};

/// Most rows that are remembered, of all spans together: some 40 MB.
const MOST_ROWS: u64 = 1_000_000;
/// Lengths of the periods that a page offers.
const USUAL_DAYS: [u16; 4] = [7, 28, 30, 90];

/// What one account used in a period and in the one it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AccountUse {
    /// Whose.
    pub account: AccountId,
    /// In the period.
    pub now: Totals,
    /// In the period it is compared with.
    pub before: Totals,
    /// Which agents it used in the period, by [`domain::Agent::index`].
    pub agents: [bool; 6],
}

impl AccountUse {
    fn none_of(account: AccountId) -> Self {
        Self {
            account,
            now: Totals::default(),
            before: Totals::default(),
            agents: [false; 6],
        }
    }
}

/// What was read of spans of time.
#[derive(Clone)]
pub(crate) struct SpansRead(Cache<Part, Arc<SpanRead>>);

/// A stretch of time, from and to: a span, or the first hours of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Part(Time, Time);

impl From<Span> for Part {
    fn from(span: Span) -> Self {
        let range = span.range();
        Self(range.start, range.end)
    }
}

/// What accounts used in a span, and the total it belongs to.
#[derive(Default)]
struct SpanRead {
    total: Totals,
    /// Keys of plans, which rows have the places of.
    plans: Vec<String>,
    /// By account.
    rows: Vec<Row>,
}

struct Row {
    account: AccountId,
    totals: Totals,
    plan: u32,
    agents: [bool; 6],
}

impl Default for SpansRead {
    fn default() -> Self {
        // A span in which nothing was used weighs something as well: there are any number of them.
        let weight =
            |_: &Part, read: &Arc<SpanRead>| u32::try_from(read.rows.len() + 1).unwrap_or(u32::MAX);
        let cache = Cache::builder().weigher(weight).max_capacity(MOST_ROWS);
        Self(cache.build())
    }
}

impl SpansRead {
    /// What was read, when it still is so.
    fn known(&self, part: impl Into<Part>, total: Totals) -> Option<Arc<SpanRead>> {
        if total == Totals::default() {
            return Some(Arc::default());
        }
        self.0.get(&part.into()).filter(|read| read.total == total)
    }

    fn remember(&self, part: impl Into<Part>, read: Arc<SpanRead>) {
        if is_counted(read.total) {
            self.0.insert(part.into(), read);
        }
    }
}

impl SpanRead {
    fn new(total: Totals, found: impl Iterator<Item = SpanUse>) -> Self {
        let (mut plans, mut rows) = (Vec::new(), Vec::new());
        for found in found {
            let known = plans.iter().position(|plan| *plan == found.plan);
            let plan = known.unwrap_or_else(|| {
                plans.push(found.plan);
                plans.len() - 1
            });
            rows.push(Row {
                account: found.account,
                totals: found.totals,
                plan: u32::try_from(plan).unwrap_or(u32::MAX),
                agents: found.agents,
            });
        }
        Self { total, plans, rows }
    }

    /// Rows of some plans; of all when none are named.
    fn of_plans(&self, plans: &[String]) -> impl Iterator<Item = &Row> {
        let is_asked = |plan: &String| plans.is_empty() || plans.contains(plan);
        let asked: Vec<bool> = self.plans.iter().map(is_asked).collect();
        let rows = self.rows.iter();
        rows.filter(move |row| asked.get(row.plan as usize) == Some(&true))
    }
}

impl Services {
    /// What each account used, by account. Accounts that used nothing are left out.
    pub(super) async fn read_uses(
        &self,
        snapshot: &mut dyn Snapshot,
        plans: &[String],
        period: ResolvedPeriod,
    ) -> StoreResult<Vec<AccountUse>> {
        let mut uses = Vec::new();
        for span in self.read_spans(snapshot, period.range).await? {
            add(&mut uses, span.of_plans(plans), |sum, row| {
                sum.now.add(row.totals);
                for (used, too) in sum.agents.iter_mut().zip(row.agents) {
                    *used |= too;
                }
            });
        }
        let (days, hours) = days_and_hours(period.previous);
        let mut before = self.read_spans(snapshot, days).await?;
        before.push(self.read_hours(snapshot, hours).await?);
        for span in before {
            add(&mut uses, span.of_plans(plans), |sum, row| {
                sum.before.add(row.totals);
            });
        }
        Ok(uses)
    }

    /// The first hours of a day, as they are now.
    async fn read_hours(
        &self,
        snapshot: &mut dyn Snapshot,
        range: TimeRange,
    ) -> StoreResult<Arc<SpanRead>> {
        let (grain, all) = (PlatformGrain::Hour, PlatformGroupBy::All);
        let hours = snapshot.platform_cells(&[], range, grain, all).await?;
        let mut total = Totals::default();
        for hour in hours {
            total.add(hour.totals);
        }
        let part = Part(range.start, range.end);
        if let Some(read) = self.spans_read.known(part, total) {
            return Ok(read);
        }
        let found = snapshot.hours_uses(range).await?;
        let read = Arc::new(SpanRead::new(total, found.into_iter()));
        self.spans_read.remember(part, Arc::clone(&read));
        Ok(read)
    }

    /// The spans of whole days, each as it is now.
    async fn read_spans(
        &self,
        snapshot: &mut dyn Snapshot,
        range: TimeRange,
    ) -> StoreResult<Vec<Arc<SpanRead>>> {
        let (grain, all) = (PlatformGrain::Day, PlatformGroupBy::All);
        let days = snapshot.platform_cells(&[], range, grain, all).await?;
        let spans = Span::tile(range);
        let mut totals = vec![Totals::default(); spans.len()];
        for day in days {
            let place = spans.partition_point(|span| span.range().end <= day.start);
            totals[place].add(day.totals);
        }
        let mut read: Vec<_> = std::iter::zip(&spans, &totals)
            .map(|(span, total)| self.spans_read.known(*span, *total))
            .collect();
        let missing: Vec<Span> = std::iter::zip(&spans, &read)
            .filter_map(|(span, read)| read.is_none().then_some(*span))
            .collect();
        let mut rows = snapshot.span_uses(&missing).await?.into_iter().peekable();
        for (place, span) in spans.iter().enumerate() {
            if read[place].is_none() {
                let rows = std::iter::from_fn(|| rows.next_if(|row| row.span == *span));
                let found = Arc::new(SpanRead::new(totals[place], rows));
                self.spans_read.remember(*span, Arc::clone(&found));
                read[place] = Some(found);
            }
        }
        Ok(read.into_iter().flatten().collect())
    }

    /// Reads what accounts used in the usual periods, so that whoever asks for them need not wait for it.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn read_platform_ahead(&self) -> ServiceResult<()> {
        for days in USUAL_DAYS {
            let period = ResolvedPeriod::last_days(days, full_hour(self.now()), &Zone::utc());
            let mut snapshot = self.store.snapshot().await?;
            self.read_uses(snapshot.as_mut(), &[], period).await?;
        }
        Ok(())
    }
}

/// Adds rows to what is known of each account. Both are by account, and stay so.
fn add<'a>(
    uses: &mut Vec<AccountUse>,
    rows: impl Iterator<Item = &'a Row>,
    into: impl Fn(&mut AccountUse, &Row),
) {
    let (mut place, known) = (0, uses.len());
    for row in rows {
        while place < known && uses[place].account < row.account {
            place += 1;
        }
        if place < known && uses[place].account == row.account {
            into(&mut uses[place], row);
            continue;
        }
        // Rows of one account stand together: one for each plan it had.
        match uses.last_mut() {
            Some(last) if last.account == row.account => into(last, row),
            _ => {
                let mut new = AccountUse::none_of(row.account);
                into(&mut new, row);
                uses.push(new);
            }
        }
    }
    // Two runs in order, if it is more than one.
    uses.sort_by_key(|found| found.account);
}

/// Whether a total tells every change: one at the end of what can be counted does not.
fn is_counted(total: Totals) -> bool {
    total.credits != Credits::MAX && total.credits != Credits::from_micro(i64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Span = Span::Day(Time::from_micros(0));

    fn totals(credits: i64) -> Totals {
        Totals {
            credits: Credits::from_micro(credits),
            events: 1,
        }
    }

    fn found(account: i64, plan: &str, credits: i64) -> SpanUse {
        SpanUse {
            span: DAY,
            account: AccountId(account),
            plan: plan.to_owned(),
            totals: totals(credits),
            agents: [false; 6],
        }
    }

    fn read(found: &[SpanUse]) -> SpanRead {
        SpanRead::new(totals(1), found.iter().cloned())
    }

    fn sums(uses: &[AccountUse]) -> Vec<(i64, i64)> {
        let sum = |found: &AccountUse| (found.account.0, found.now.credits.micro());
        uses.iter().map(sum).collect()
    }

    #[test]
    fn rows_of_several_spans_and_plans_are_added_up_by_account() {
        let spans = [
            read(&[found(2, "small", 1), found(4, "large", 2)]),
            read(&[
                found(1, "small", 4),
                found(3, "large", 8),
                found(3, "small", 16),
                found(4, "large", 32),
                found(5, "large", 64),
            ]),
            SpanRead::default(),
        ];
        let of = |plans: &[String]| {
            let mut uses = Vec::new();
            for span in &spans {
                add(&mut uses, span.of_plans(plans), |sum, row| {
                    sum.now.add(row.totals);
                });
            }
            sums(&uses)
        };
        assert_eq!(of(&[]), [(1, 4), (2, 1), (3, 24), (4, 34), (5, 64)]);
        assert_eq!(of(&["small".to_owned()]), [(1, 4), (2, 1), (3, 16)]);
        assert_eq!(of(&["gone".to_owned()]), []);
    }

    #[test]
    fn what_was_read_is_known_as_long_as_its_total_is_the_same() {
        let known = SpansRead::default();
        known.remember(DAY, Arc::new(SpanRead::new(totals(7), std::iter::empty())));
        assert!(known.known(DAY, totals(7)).is_some());
        assert!(known.known(DAY, totals(8)).is_none());
        assert!(known.known(Span::Week(DAY.start()), totals(7)).is_none());
        // Nothing was used in a span without events: nobody needs to look.
        let other = Span::Day(Time::from_micros(domain::time::DAY_US));
        assert!(known.known(other, Totals::default()).is_some());
        // A total that cannot be counted any further does not tell what changed.
        let most = Totals {
            credits: Credits::MAX,
            events: 1,
        };
        known.remember(other, Arc::new(SpanRead::new(most, std::iter::empty())));
        assert!(known.known(other, most).is_none());
    }
}
