//! An agency's board: what each company spends, of which budget, and when that will be used up.

use std::collections::BTreeMap;

use domain::{
    Agent, CompanyId, Credits, Invalid, Time, TimeRange, filter::ViewQuery, forecast::Outlook,
    tenancy::Company, usage::Totals,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    accounts::{Put, check_limits, check_name},
    audit::Deed,
    ports::{Cell, Expected, GroupBy, GroupKey, PutCompany, Version},
    split::read_cells,
};

/// Companies of one page.
pub const PAGE_COMPANIES: usize = 100;
/// Companies that are looked at: the largest agency designed for, twice.
pub(crate) const MOST_COMPANIES: u32 = 10_000;

/// What the board is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoardQuery {
    /// Which companies, and the period whose usage is shown.
    pub view: ViewQuery,
    /// Part of a name or key.
    pub search: String,
    /// Which page, from 0.
    pub page: usize,
}

impl BoardQuery {
    /// Companies whose name or key holds a text, in the running cycle.
    pub fn search(text: &str) -> Self {
        Self {
            search: text.to_owned(),
            ..Self::default()
        }
    }
}

/// One company on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardLine {
    /// The company.
    pub company: Company,
    /// What it used in the period.
    pub used: Totals,
    /// What it used in the running cycle, which is what its budget is of.
    pub cycle_used: Totals,
    /// What its budget's forecast comes to; none without a budget.
    pub outlook: Option<Outlook>,
    /// When its budget will be used up, if that is within the cycle, as the gauge of the company forecasts it; the time of
    /// reading when it is.
    pub runs_out_at: Option<Time>,
}

/// A page of the board, those who spent most first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// The lines.
    pub lines: Vec<BoardLine>,
    /// How many companies there are that match.
    pub found: usize,
    /// What all companies asked for that the reader may see used in the period.
    pub used: Totals,
    /// The period.
    pub range: TimeRange,
    /// The running cycle.
    pub cycle: TimeRange,
    /// When it was read.
    pub now: Time,
}

/// A company's limits, as a form gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Display name.
    pub name: String,
    /// Credits it may spend in a cycle; any when none.
    pub budget: Option<Credits>,
    /// Credits single agents may spend in it.
    pub agent_caps: BTreeMap<Agent, Credits>,
}

impl Services {
    /// The companies of an account that a reader asks for and may see, with what they used in a period.
    pub async fn board(&self, scope: &Scope, query: &BoardQuery) -> ServiceResult<Board> {
        let asked = ViewQuery {
            account: None,
            companies: query.view.companies.clone(),
            period: query.view.period.clone(),
            from: query.view.from.clone(),
            to: query.view.to.clone(),
            ..ViewQuery::default()
        };
        let view = self.view(scope.clone(), &asked).await?;
        let (range, cycle) = (view.period.range, view.cycles.at(view.now).range);
        let mut snapshot = self.store.snapshot().await?;
        let cells = read_cells(snapshot.as_mut(), view.ask(GroupBy::Company), range).await?;
        let spent = by_company(cells);
        let in_cycle = if range == cycle {
            spent.clone()
        } else {
            by_company(read_cells(snapshot.as_mut(), view.ask(GroupBy::Company), cycle).await?)
        };
        // A reader must not wait for a second connection while it holds one.
        drop(snapshot);
        let mut used = Totals::default();
        for totals in spent.values() {
            used.add(*totals);
        }
        let search = Some(query.search.trim()).filter(|text| !text.is_empty());
        let mut companies = self.companies(scope, search, None, MOST_COMPANIES).await?;
        if let (false, Some(ids)) = (asked.companies.is_empty(), &view.selection.companies) {
            companies.retain(|company| ids.contains(&company.id));
        }
        let (found, now) = (companies.len(), self.now());
        let line = |company: Company| {
            let of = |used: &BTreeMap<CompanyId, Totals>| {
                used.get(&company.id).copied().unwrap_or_default()
            };
            BoardLine {
                used: of(&spent),
                cycle_used: of(&in_cycle),
                outlook: None,
                runs_out_at: None,
                company,
            }
        };
        let mut lines: Vec<_> = companies.into_iter().map(line).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.used.credits));
        let mut lines: Vec<_> = lines
            .into_iter()
            .skip(query.page.saturating_mul(PAGE_COMPANIES))
            .take(PAGE_COMPANIES)
            .collect();
        self.foresee(scope, &mut lines).await?;
        Ok(Board {
            lines,
            found,
            used,
            range,
            cycle,
            now,
        })
    }

    /// Says of each line when its budget will be used up, as the gauge of its company does.
    async fn foresee(&self, scope: &Scope, lines: &mut [BoardLine]) -> ServiceResult<()> {
        let companies = lines.iter().map(|line| line.company.clone()).collect();
        let forecasts = self.budget_forecasts(scope, companies).await?;
        let by_key: BTreeMap<_, _> = forecasts
            .iter()
            .map(|forecast| (forecast.company.key.as_str(), forecast))
            .collect();
        for line in lines {
            let forecast = by_key.get(line.company.key.as_str());
            line.outlook = forecast.map(|forecast| forecast.outlook());
            line.runs_out_at = forecast.and_then(|forecast| forecast.at());
        }
        Ok(())
    }

    /// Gives a company of the scope's account a name and limits.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is another version by now than `expected`.
    pub async fn set_limits(
        &self,
        scope: &Scope,
        key: &str,
        limits: Limits,
        expected: Option<Version>,
    ) -> ServiceResult<()> {
        scope.require_budget()?;
        let known = self.directory.company(scope.account.id, key).await?;
        known.ok_or(ServiceError::NotFound)?;
        let mut errors = Vec::new();
        check_name(&limits.name, &mut errors);
        check_limits(limits.budget, &limits.agent_caps, &mut errors);
        Invalid::refuse(errors)?;
        let detail = limits.budget.map_or_else(
            || "no budget".to_owned(),
            |budget| format!("budget {budget}"),
        );
        let put = PutCompany {
            key: key.to_owned(),
            name: limits.name,
            budget: limits.budget,
            agent_caps: limits.agent_caps,
        };
        let expected = expected.map_or(Expected::Present, Expected::version);
        let stored = self
            .store
            .put_company(
                scope.account.id,
                &put,
                &expected,
                MOST_COMPANIES,
                self.now(),
            )
            .await?;
        Put::from_stored(stored)?;
        self.directory.forget_company(scope.account.id, key);
        self.hub.notify(&[scope.account.id]);
        let (action, target) = ("company.limits_changed", key);
        self.record(
            scope,
            Deed {
                action,
                target,
                detail,
            },
        )
        .await;
        Ok(())
    }
}

/// What each company spent.
pub(crate) fn by_company(cells: Vec<Cell>) -> BTreeMap<CompanyId, Totals> {
    let mut spent: BTreeMap<_, Totals> = BTreeMap::new();
    for cell in cells {
        if let GroupKey::Company(id) = cell.key {
            spent.entry(id).or_default().add(cell.totals);
        }
    }
    spent
}
