//! Weeks that are looked through: what changed, and what was unusual.

use domain::{
    Time, TimeRange,
    calendar::{Comparison, Window},
    filter::ViewQuery,
};
use jiff::civil::Date;

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ingest::account_cycles,
    ports::GroupBy,
    spikes::Spikes,
    trends::{Trends, TrendsQuery},
};

/// What a review is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewQuery {
    /// A day of the week; the running week when left out.
    pub week: Option<String>,
    /// Keys of companies; all that the reader sees when empty.
    pub companies: Vec<String>,
    /// What the week is compared with; the week before when left out.
    pub against: Option<Comparison>,
}

/// A week: what changed, what was unusual, and who looked through it.
#[derive(Debug, Clone)]
pub struct Review {
    /// The week, from Monday.
    pub week: TimeRange,
    /// Whether it has ended.
    pub is_over: bool,
    /// Its usage by agent against the week it is compared with.
    pub by_agent: Trends,
    /// The same by company.
    pub by_company: Trends,
    /// What was unusual.
    pub spikes: Spikes,
    /// When it was looked through, and by whom.
    pub reviewed: Option<(Time, String)>,
}

impl Services {
    /// A week of an account, or of some of its companies: the one that holds a day, or the running one.
    pub async fn review(&self, scope: Scope, query: &ReviewQuery) -> ServiceResult<Review> {
        let now = self.now();
        let week = week_of(&scope, query.week.as_deref(), now)?;
        let (start, end) = (week.start, week.end);
        let view = ViewQuery {
            from: Some(start.to_string()),
            to: Some(end.min(now.max(start).plus_micros(1)).to_string()),
            companies: query.companies.clone(),
            against: Some(query.against.unwrap_or(Comparison::Week)),
            ..ViewQuery::default()
        };
        let trends = |group_by| TrendsQuery {
            view: view.clone(),
            window: Window::Day,
            group_by,
        };
        let account = scope.account.id;
        Ok(Review {
            week,
            is_over: end <= now,
            by_agent: Box::pin(self.trends(scope.clone(), &trends(GroupBy::Agent))).await?,
            by_company: Box::pin(self.trends(scope.clone(), &trends(GroupBy::Company))).await?,
            spikes: Box::pin(self.spikes(scope, &view)).await?,
            reviewed: self.store.review(account, start).await?,
        })
    }

    /// Says that a week was looked through.
    pub async fn mark_reviewed(&self, scope: &Scope, day: &str) -> ServiceResult<bool> {
        scope.require_dispute()?;
        scope.require_all()?;
        let (account, now) = (scope.account.id, self.now());
        let week = week_of(scope, Some(day), now)?;
        let marked = self
            .store
            .mark_reviewed(account, week.start, &scope.actor, now);
        let is_first = marked.await?;
        if is_first {
            self.record(scope, Deed::plain("week.reviewed", day)).await;
        }
        Ok(is_first)
    }
}

impl Services {
    /// Takes back that the caller looked through a week.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when it was not they who said so.
    pub async fn unmark_reviewed(&self, scope: &Scope, day: &str) -> ServiceResult<()> {
        scope.require_dispute()?;
        scope.require_all()?;
        let week = week_of(scope, Some(day), self.now())?;
        let account = scope.account.id;
        let undone = self
            .store
            .unmark_reviewed(account, week.start, &scope.actor);
        if !undone.await? {
            return Err(ServiceError::NotFound);
        }
        self.record(scope, Deed::plain("week.review_undone", day))
            .await;
        Ok(())
    }
}

/// The week of the account's zone that holds a day, from Monday; the running one when no day is said.
pub(crate) fn week_of(scope: &Scope, day: Option<&str>, now: Time) -> ServiceResult<TimeRange> {
    let cycles = account_cycles(&scope.account)?;
    let zone = cycles.zone();
    let day = match day {
        None => now,
        Some(text) => zone.day_start(
            text.parse::<Date>()
                .map_err(|_| ServiceError::invalid("week", "must be a date such as 2026-11-23"))?,
        ),
    };
    let start = Window::Week.start_of(day, zone);
    Ok(TimeRange::new(start, Window::Week.next(start, zone)))
}
