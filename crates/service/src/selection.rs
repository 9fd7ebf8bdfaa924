//! Turns what a URL asks for into what a database is asked for.

use domain::{
    CompanyId, FieldError, Invalid, Time, TimeRange,
    calendar::{Coverage, Cycle, Cycles, ResolvedPeriod, Zone},
    event::OTHER,
    filter::{Comparison, PERIOD_NAMES, PeriodChoice, ViewQuery},
    usage::{CompanyName, Whose},
};
use jiff::{ToSpan, civil::Date};

use crate::{
    Scope, ServiceResult, Services,
    ingest::account_cycles,
    ports::{Selection, Snapshot, StoreResult},
};

/// A view, placed in an account and in time.
pub(crate) struct View {
    pub scope: Scope,
    pub cycles: Cycles,
    /// The zone times are shown and days are counted in.
    pub zone: Zone,
    /// Whether that is the account's own zone, whose days have roll-ups.
    pub zone_is_own: bool,
    pub choice: PeriodChoice,
    pub period: ResolvedPeriod,
    /// Which time it is compared with.
    pub compared: Comparison,
    pub selection: Selection,
    /// The companies asked for, named; empty when all.
    pub companies: Vec<CompanyName>,
    pub now: Time,
}

impl View {
    /// How much is known of what a period of the view's account is compared with.
    pub(crate) async fn coverage(
        &self,
        snapshot: &mut dyn Snapshot,
        period: ResolvedPeriod,
    ) -> StoreResult<Coverage> {
        let first = snapshot.history_start(self.scope.account.id).await?;
        Ok(period.coverage(first))
    }

    /// Why no change is shown; none when one is.
    pub(crate) fn uncompared(&self, coverage: Coverage) -> Option<String> {
        match self.compared {
            Comparison::Nothing => Some("Not compared with anything".to_owned()),
            _ => coverage.words(self.period.previous, &self.zone),
        }
    }

    /// The cycle that the gauge is about: the running one, or the last one when that is looked at.
    pub(crate) fn gauge_cycle(&self) -> Cycle {
        let running = self.cycles.at(self.now);
        match self.choice {
            PeriodChoice::LastCycle => self.cycles.before(running),
            _ => running,
        }
    }

    /// That cycle, when it is over.
    pub(crate) fn ended_cycle(&self) -> Option<TimeRange> {
        (self.choice == PeriodChoice::LastCycle).then(|| self.gauge_cycle().range)
    }
}

impl Services {
    /// Whose credits a view is about.
    pub(crate) async fn whose(&self, view: &View) -> ServiceResult<Whose> {
        let Some(ids) = view.selection.companies.as_deref() else {
            return Ok(Whose::Account);
        };
        let ([id], chosen) = (ids, view.companies.first()) else {
            return Ok(Whose::Companies(
                u32::try_from(ids.len()).unwrap_or(u32::MAX),
            ));
        };
        if let Some(company) = chosen {
            return Ok(Whose::Company(company.clone()));
        }
        let names = self.names_of(view, vec![*id]).await?;
        let (key, name) = names.get(id).cloned().unwrap_or_default();
        Ok(Whose::Company(CompanyName { key, name }))
    }

    /// Places a view. Companies the caller may not see are treated as not there.
    pub(crate) async fn view(&self, scope: Scope, query: &ViewQuery) -> ServiceResult<View> {
        let now = self.now();
        self.view_at(scope, query, now).await
    }

    /// Places a view as it was at a time: what runs is compared up to there.
    pub(crate) async fn view_at(
        &self,
        scope: Scope,
        query: &ViewQuery,
        now: Time,
    ) -> ServiceResult<View> {
        let cycles = account_cycles(&scope.account)?;
        let zone = match &query.tz {
            Some(name) => {
                Zone::named(name).map_err(|error| crate::ServiceError::invalid("tz", error))?
            }
            None => cycles.zone().clone(),
        };
        let choice = period_choice(query, &zone)?;
        let (ids, companies) = self.selected_companies(&scope, &query.companies).await?;
        self.refuse_unlisted(&scope, &query.activities).await?;
        let selection = Selection {
            companies: ids,
            agents: query.agents.clone(),
            activities: query.activities.clone(),
            reference_prefix: query
                .q
                .as_deref()
                .map(domain::fold::folded)
                .filter(|prefix| !prefix.is_empty()),
        };
        Ok(View {
            zone_is_own: zone == *cycles.zone(),
            period: ResolvedPeriod::resolve(choice, now, &cycles, &zone).compared(
                query.compared(),
                now,
                &zone,
            ),
            compared: query.compared(),
            scope,
            cycles,
            zone,
            choice,
            selection,
            companies,
            now,
        })
    }

    /// What is counted among others cannot be counted by itself: saying so is better than a figure of something else.
    async fn refuse_unlisted(&self, scope: &Scope, activities: &[String]) -> ServiceResult<()> {
        if activities.is_empty() {
            return Ok(());
        }
        let unlisted = self
            .store
            .unlisted_activities(scope.account.id, activities)
            .await?;
        let Some(first) = unlisted.first() else {
            return Ok(());
        };
        let message = format!(
            "'{first}' is counted under Other, because the account has too many activities: choose '{OTHER}', or search by reference"
        );
        Err(Invalid::one("activity", "not_listed", message).into())
    }

    /// Companies that a reader chose by their keys, named, and how many there are to choose from.
    ///
    /// # Errors
    /// [`crate::ServiceError::Invalid`] when one of them is none that the reader sees.
    pub async fn chosen_companies(
        &self,
        scope: &Scope,
        keys: &[String],
    ) -> ServiceResult<(Vec<CompanyName>, u32)> {
        let count = match scope.company_ids() {
            Some(ids) => u32::try_from(ids.len()).unwrap_or(u32::MAX),
            None => self.store.company_count(scope.account.id).await?,
        };
        let (_, chosen) = self.selected_companies(scope, keys).await?;
        Ok((chosen, count))
    }

    async fn selected_companies(
        &self,
        scope: &Scope,
        keys: &[String],
    ) -> ServiceResult<(Option<Vec<CompanyId>>, Vec<CompanyName>)> {
        if keys.is_empty() {
            return Ok((scope.company_ids().map(<[_]>::to_vec), Vec::new()));
        }
        let found = self.store.companies_by_key(scope.account.id, keys).await?;
        let visible: Vec<_> = found
            .into_iter()
            .filter(|company| scope.companies.allows(company.id))
            .collect();
        if let Some(missing) = keys
            .iter()
            .find(|key| visible.iter().all(|company| &company.key != *key))
        {
            let message = format!("'{missing}' is not a company of the account");
            return Err(Invalid::one("company", "unknown_company", message).into());
        }
        let ids = visible.iter().map(|company| company.id).collect();
        let names = visible
            .into_iter()
            .map(|company| CompanyName {
                key: company.key,
                name: company.name,
            })
            .collect();
        Ok((Some(ids), names))
    }
}

pub(crate) fn period_choice(query: &ViewQuery, zone: &Zone) -> Result<PeriodChoice, Invalid> {
    if query.from.is_none() && query.to.is_none() {
        let unknown = || Invalid::one("period", "invalid", PERIOD_NAMES);
        return query
            .period
            .as_deref()
            .map_or(Ok(PeriodChoice::default()), |name| {
                PeriodChoice::named(name).ok_or_else(unknown)
            });
    }
    if query.period.is_some() {
        return Err(Invalid::one(
            "period",
            "invalid",
            "goes without from and to: send one or the other",
        ));
    }
    let mut errors = Vec::new();
    let start = edge("from", query.from.as_deref(), zone, 0, &mut errors);
    let end = edge("to", query.to.as_deref(), zone, 1, &mut errors);
    if errors.is_empty() && end <= start {
        errors.push(FieldError::invalid("to", "must be after from"));
    }
    if errors.is_empty() {
        Ok(PeriodChoice::Custom(TimeRange::new(start, end)))
    } else {
        Err(Invalid(errors))
    }
}

/// One end of a custom period: an instant, or a civil date of which `to` takes in the whole day.
fn edge(
    field: &str,
    text: Option<&str>,
    zone: &Zone,
    days: i64,
    errors: &mut Vec<FieldError>,
) -> Time {
    let Some(text) = text else {
        errors.push(FieldError::new(
            field,
            "required",
            "is missing: a custom period needs from and to",
        ));
        return Time::MIN;
    };
    if let Ok(time) = text.parse::<Time>() {
        return time;
    }
    match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => zone.day_start(date.saturating_add(days.days())),
        _ => {
            errors.push(FieldError::invalid(
                field,
                "must be a date such as 2026-11-23, or an RFC 3339 time with an offset",
            ));
            Time::MIN
        }
    }
}
