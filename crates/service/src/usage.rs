//! Totals and series, as the API answers them.

use std::collections::BTreeMap;

use domain::{
    Agent, TimeRange,
    calendar::{Coverage, Window},
    filter::ViewQuery,
    tenancy::Plan,
    usage::Totals,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{Cell, GroupBy, GroupKey},
    selection::View,
    split::{Ask, read_cells},
};

/// Totals of a period by agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The period.
    pub range: TimeRange,
    /// What it is compared with: as much as has passed of the period.
    pub previous_range: TimeRange,
    /// How much is known of that time.
    pub coverage: Coverage,
    /// In the period.
    pub current: Totals,
    /// In the period it is compared with.
    pub previous: Totals,
    /// All six agents with their totals now and before.
    pub agents: Vec<(Agent, Totals, Totals)>,
}

/// Totals by calendar window and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Name of the zone the windows are counted in.
    pub zone: String,
    /// The windows, also those without events.
    pub windows: Vec<TimeRange>,
    /// Groups that have events, by key, with one total a window.
    pub groups: Vec<(String, Vec<Totals>)>,
}

impl Services {
    /// Totals of a view by agent, and of the period before.
    pub async fn summary(&self, scope: Scope, query: &ViewQuery) -> ServiceResult<Summary> {
        let view = self.view(scope, query).await?;
        let mut snapshot = self.store.snapshot().await?;
        let ask = view.ask(GroupBy::Agent);
        let now = by_agent(&read_cells(snapshot.as_mut(), ask, view.period.range).await?);
        let before = by_agent(&read_cells(snapshot.as_mut(), ask, view.period.previous).await?);
        Ok(Summary {
            range: view.period.range,
            previous_range: view.period.previous,
            coverage: view.coverage(snapshot.as_mut(), view.period).await?,
            current: sum(&now),
            previous: sum(&before),
            agents: Agent::ALL
                .iter()
                .map(|agent| {
                    (
                        *agent,
                        now[usize::from(agent.index())],
                        before[usize::from(agent.index())],
                    )
                })
                .collect(),
        })
    }

    /// How many events a view has. A wrong view is refused before an export of it begins.
    pub async fn count_events(&self, scope: Scope, query: &ViewQuery) -> ServiceResult<u64> {
        let view = self.view(scope, query).await?;
        let mut snapshot = self.store.snapshot().await?;
        let ask = view.ask(GroupBy::All);
        let total = crate::split::read_total(snapshot.as_mut(), ask, view.period.range).await?;
        Ok(total.events)
    }

    /// Totals of a view by calendar window and group.
    pub async fn series(
        &self,
        scope: Scope,
        query: &ViewQuery,
        window: Window,
        group_by: GroupBy,
    ) -> ServiceResult<Series> {
        let view = self.view(scope, query).await?;
        let range = view.period.range;
        let windows = window
            .tile(range, &view.zone)
            .map_err(|error| ServiceError::invalid("window", error))?;
        let mut snapshot = self.store.snapshot().await?;
        let ask = Ask {
            days_of: view.days_for(window),
            ..view.ask(group_by)
        };
        let cells = read_cells(snapshot.as_mut(), ask, range).await?;
        // A reader must not wait for a second connection while it holds one.
        drop(snapshot);
        let names = self.company_names(&view, &cells).await?;
        let mut groups: BTreeMap<String, Vec<Totals>> = BTreeMap::new();
        for cell in cells {
            let name = match &cell.key {
                GroupKey::Agent(agent) => agent.id().to_owned(),
                GroupKey::Company(id) => names
                    .get(id)
                    .map(|(key, _)| key.clone())
                    .unwrap_or_default(),
                GroupKey::Activity(activity) => activity.clone(),
                GroupKey::All => "all".to_owned(),
            };
            let totals = groups
                .entry(name)
                .or_insert_with(|| vec![Totals::default(); windows.len()]);
            if let Some(total) = window_of(&windows, &cell).and_then(|index| totals.get_mut(index))
            {
                total.add(cell.totals);
            }
        }
        Ok(Series {
            zone: view.zone.name().to_owned(),
            windows,
            groups: groups.into_iter().collect(),
        })
    }

    /// The plan an account is on.
    pub(crate) async fn plan_of(&self, scope: &Scope) -> ServiceResult<Plan> {
        self.directory
            .plan(&scope.account.plan)
            .await?
            .ok_or(ServiceError::NotFound)
    }

    /// Keys and names of the companies of cells.
    pub(crate) async fn company_names(
        &self,
        view: &View,
        cells: &[Cell],
    ) -> ServiceResult<BTreeMap<domain::CompanyId, (String, String)>> {
        let ids: Vec<_> = cells
            .iter()
            .filter_map(|cell| {
                if let GroupKey::Company(id) = cell.key {
                    Some(id)
                } else {
                    None
                }
            })
            .collect();
        self.names_of(view, ids).await
    }

    /// Keys and names of companies.
    pub(crate) async fn names_of(
        &self,
        view: &View,
        mut ids: Vec<domain::CompanyId>,
    ) -> ServiceResult<BTreeMap<domain::CompanyId, (String, String)>> {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let companies = self
            .store
            .companies(view.scope.account.id, Some(&ids), None, None, limit)
            .await?;
        Ok(companies
            .into_iter()
            .map(|company| (company.id, (company.key, company.name)))
            .collect())
    }
}

impl View {
    /// Asks for totals of this view.
    pub(crate) fn ask(&self, group_by: GroupBy) -> Ask<'_> {
        Ask {
            account: self.scope.account.id,
            selection: &self.selection,
            days_of: Some(self.cycles.zone()),
            group_by,
        }
    }

    /// Whole days may be read as one only where no window is shorter and windows are counted in the account's zone.
    pub(crate) fn days_for(&self, window: Window) -> Option<&domain::calendar::Zone> {
        (self.zone_is_own && window != Window::Hour).then(|| self.cycles.zone())
    }
}

/// Totals by agent, in the order of [`Agent::ALL`].
pub(crate) fn by_agent(cells: &[Cell]) -> [Totals; 6] {
    let mut totals = [Totals::default(); 6];
    for cell in cells {
        if let GroupKey::Agent(agent) = cell.key {
            totals[usize::from(agent.index())].add(cell.totals);
        }
    }
    totals
}

/// All of them together.
pub(crate) fn sum<'a>(totals: impl IntoIterator<Item = &'a Totals>) -> Totals {
    let mut sum = Totals::default();
    for total in totals {
        sum.add(*total);
    }
    sum
}

/// Which window a cell lies in.
pub(crate) fn window_of(windows: &[TimeRange], cell: &Cell) -> Option<usize> {
    let index = windows.partition_point(|window| window.end <= cell.start);
    windows
        .get(index)
        .filter(|window| window.contains(cell.start))
        .map(|_| index)
}
