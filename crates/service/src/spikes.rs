//! Spikes of an account, each with who caused it.

mod find;

use domain::{
    Agent, Credits, Time, TimeRange,
    alert::SpikeSeen,
    calendar::Zone,
    filter::ViewQuery,
    number,
    spike::{Cause, Spike},
    time::{DAY_US, HOUR_US},
    usage::CompanyName,
};

pub use self::find::MOST_SPIKES;
use self::find::{causes, detect, find};
use crate::{Scope, ServiceError, ServiceResult, Services, review::week_of, selection::View};

/// Causes that are told of each.
pub const MOST_CAUSES: usize = 5;
/// A cause is told when it is more than this part of the spike: a twentieth. What is less is chance.
const LEAST_PART: i64 = 20;
/// Longest time in which spikes are looked for, in days.
const MOST_DAYS: i64 = 100;
/// A spike that ended so long ago is over.
const LASTING_US: i64 = 3 * HOUR_US;

/// Spikes of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Spikes {
    /// The zone hours are counted in.
    pub zone: Zone,
    /// The period.
    pub range: TimeRange,
    /// The spikes, the latest first; none when too little is known to say what is usual.
    pub spikes: Option<Vec<FoundSpike>>,
}

/// A spike, and who caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSpike {
    /// The spike.
    pub spike: Spike,
    /// Who used more than expected by a twentieth of the spike or more, the most first.
    pub causes: Vec<NamedCause>,
    /// What all others used above, or below, what is usual: causes and this are the spike's excess.
    pub others: Credits,
}

impl FoundSpike {
    /// By how much those who used more than expected did so together. Where others used less, it is more than the
    /// spike's excess, and [`FoundSpike::offset`] is the difference.
    pub fn increase(&self) -> Credits {
        let others = self.others.max(Credits::ZERO);
        let causes = self.causes.iter().map(|cause| cause.excess);
        causes.fold(others, Credits::saturating_add)
    }

    /// By how much lower use elsewhere made the spike smaller.
    pub fn offset(&self) -> Credits {
        Credits::ZERO.saturating_sub(self.others.min(Credits::ZERO))
    }

    /// Each cause's share of the increase in percent, and that of all others at the end: together 100.
    pub fn shares(&self) -> Vec<String> {
        let causes = self.causes.iter().map(|cause| cause.excess);
        let parts: Vec<_> = causes.chain([self.others.max(Credits::ZERO)]).collect();
        number::percent_parts(&parts, self.increase())
    }

    /// Whom most of it is from: `92% of the increase from Acme Dental, Voice Outbound`; none when nobody stands out.
    pub fn mostly_from(&self) -> Option<String> {
        let cause = self.causes.first()?;
        let part = if cause.excess < self.increase() {
            self.shares().swap_remove(0)
        } else {
            "all".to_owned()
        };
        let (company, agent) = (&cause.company.name, cause.agent.name());
        Some(format!("{part} of the increase from {company}, {agent}"))
    }
}

/// A cause with the company's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCause {
    /// Which company.
    pub company: CompanyName,
    /// Which agent.
    pub agent: Agent,
    /// What it did.
    pub activity: String,
    /// What it used in the spike.
    pub used: Credits,
    /// What was expected of it.
    pub expected: Credits,
    /// By how much it was more than usual.
    pub excess: Credits,
    /// The hour that was most above expected.
    pub worst_hour: Time,
}

impl Services {
    /// The spikes of a view, each with its causes.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a period of more than 100 days.
    pub async fn spikes(&self, scope: Scope, query: &ViewQuery) -> ServiceResult<Spikes> {
        let view = self.view(scope, query).await?;
        let range = view.period.range;
        if range.micros() > MOST_DAYS * DAY_US {
            let rule = format!("must be at most {MOST_DAYS} days after from");
            return Err(ServiceError::invalid("to", rule));
        }
        let mut snapshot = self.store.snapshot().await?;
        let found = find(snapshot.as_mut(), &view, range).await?;
        drop(snapshot);
        let spikes = match found {
            None => None,
            Some(found) => Some(self.named(&view, found).await?),
        };
        Ok(Spikes {
            zone: view.zone,
            range,
            spikes,
        })
    }

    /// The spikes of a view without their causes, the latest first; none where too little is known, or for a period
    /// too long to look for them.
    pub async fn unusual(&self, scope: Scope, query: &ViewQuery) -> ServiceResult<Vec<Spike>> {
        let view = self.view(scope, query).await?;
        let range = view.period.range;
        if range.micros() > MOST_DAYS * DAY_US {
            return Ok(Vec::new());
        }
        let mut snapshot = self.store.snapshot().await?;
        let found = detect(snapshot.as_mut(), &view, range).await?;
        Ok(found.map(|(_, spikes)| spikes).unwrap_or_default())
    }

    async fn named(
        &self,
        view: &View,
        found: Vec<(Spike, Vec<Cause>)>,
    ) -> ServiceResult<Vec<FoundSpike>> {
        let ids = found
            .iter()
            .flat_map(|(_, causes)| causes.iter().take(MOST_CAUSES))
            .map(|cause| cause.company);
        let names = self.names_of(view, ids.collect()).await?;
        let with_name = |cause: Cause| {
            let (key, name) = names.get(&cause.company).cloned().unwrap_or_default();
            let worst = cause.hours.iter().max_by_key(|(_, excess)| *excess);
            NamedCause {
                company: CompanyName { key, name },
                agent: cause.agent,
                used: cause.used,
                expected: cause.expected,
                excess: cause.excess(),
                worst_hour: worst.map_or(Time::MIN, |(start, _)| *start),
                activity: cause.activity,
            }
        };
        let told = found.into_iter().map(|(spike, causes)| {
            let least = spike.excess().micro() / LEAST_PART;
            let is_more = |cause: &Cause| cause.excess().micro() > least.max(0);
            let causes: Vec<_> = causes
                .into_iter()
                .filter(is_more)
                .take(MOST_CAUSES)
                .map(with_name)
                .collect();
            let explained = causes
                .iter()
                .fold(Credits::ZERO, |sum, cause| sum.saturating_add(cause.excess));
            FoundSpike {
                others: spike.excess().saturating_sub(explained),
                spike,
                causes,
            }
        });
        Ok(told.collect())
    }

    /// The spike that an account is in, or has just been in.
    pub(crate) async fn latest_spike(&self, scope: &Scope) -> ServiceResult<Option<SpikeSeen>> {
        let now = self.now();
        let view = self.last_days(scope, 1).await?;
        let mut snapshot = self.store.snapshot().await?;
        let found = detect(snapshot.as_mut(), &view, view.period.range).await?;
        let spikes = found.map(|(_, spikes)| spikes).unwrap_or_default();
        let lasts = |spike: &Spike| now.micros_since(spike.range.end) <= LASTING_US;
        let latest = spikes.first().copied().filter(lasts);
        Ok(latest.map(|spike| SpikeSeen {
            start: spike.range.start,
            used: spike.used,
            expected: spike.expected,
        }))
    }

    /// The largest spike of the last seven days that nobody looked through since it ended, and the week it is in.
    pub(crate) async fn unseen_spike(
        &self,
        scope: &Scope,
    ) -> ServiceResult<Option<(TimeRange, FoundSpike)>> {
        let view = self.last_days(scope, 7).await?;
        let range = view.period.range;
        let mut weeks = Vec::with_capacity(2);
        let mut start = range.start;
        while start < range.end {
            let week = week_of(scope, None, start)?;
            let seen = self.store.review(scope.account.id, week.start).await?;
            weeks.push((week, seen.map(|(at, _)| at)));
            start = week.end;
        }
        let in_week = |spike: &Spike| weeks.iter().find(|(week, _)| spike.range.start < week.end);
        let is_unseen = |spike: &Spike| {
            let seen = in_week(spike).and_then(|(_, seen)| *seen);
            seen.is_none_or(|seen| seen < spike.range.end)
        };
        let mut snapshot = self.store.snapshot().await?;
        let Some((hours, spikes)) = detect(snapshot.as_mut(), &view, range).await? else {
            return Ok(None);
        };
        let unseen = spikes.into_iter().filter(is_unseen);
        let Some(largest) = unseen.max_by_key(Spike::excess) else {
            return Ok(None);
        };
        let causes = causes(snapshot.as_mut(), &view, &hours, largest).await?;
        drop(snapshot);
        let week = in_week(&largest).map_or(range, |(week, _)| *week);
        let named = self.named(&view, vec![(largest, causes)]).await?;
        Ok(named.into_iter().next().map(|spike| (week, spike)))
    }

    /// The view of all that a reader may see of the last days.
    async fn last_days(&self, scope: &Scope, days: i64) -> ServiceResult<View> {
        let now = self.now();
        let query = ViewQuery {
            from: Some(now.plus_micros(-days * DAY_US).to_string()),
            to: Some(now.plus_micros(1).to_string()),
            ..ViewQuery::default()
        };
        self.view(scope.clone(), &query).await
    }
}
