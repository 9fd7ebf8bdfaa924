//! The page above the log: gauge, cards and bars, all read in one snapshot.

mod words;

use domain::{
    Agent, Credits, TimeRange,
    calendar::{Coverage, Cycle, Window},
    cursor::Cursor,
    event::MOST_CHOICES,
    filter::ViewQuery,
    tenancy::Plan,
    usage::{
        AccountView, AgentUsage, Bar, CycleDay, CycleView, Dashboard, PeriodView, ReconciledView,
        Totals, Whose,
    },
};
pub(crate) use words::range_label;

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    activity::{LogRead, read_log},
    books::{BooksAsk, books_view},
    ports::{Cell, GroupBy, GroupKey, Selection, Snapshot},
    selection::View,
    sources::complete_view,
    split::{Ask, read_cells},
    usage::{by_agent, window_of},
};
use domain::activity::{LogAsk, LogPage, PAGE_ROWS};

impl Services {
    /// Everything on the page, read at one moment: the dashboard and a page of the log, from the newest row or
    /// from just after a place.
    pub async fn page(
        &self,
        scope: Scope,
        query: &ViewQuery,
        older_than: Option<Cursor>,
    ) -> ServiceResult<(Dashboard, LogPage)> {
        let view = self.view(scope, query).await?;
        let about = self.about(&view).await?;
        let mut snapshot = self.store.snapshot().await?;
        let dashboard = read_dashboard(snapshot.as_mut(), &view, about).await?;
        let ask = older_than.map_or(LogAsk::Newest, LogAsk::OlderThan);
        let log = read_log(
            snapshot.as_mut(),
            &view,
            LogRead {
                ask,
                limit: PAGE_ROWS,
            },
        )
        .await?;
        Ok((dashboard, log))
    }

    /// Gauge and cards of a view.
    pub async fn dashboard(&self, scope: Scope, query: &ViewQuery) -> ServiceResult<Dashboard> {
        let view = self.view(scope, query).await?;
        let about = self.about(&view).await?;
        let mut snapshot = self.store.snapshot().await?;
        read_dashboard(snapshot.as_mut(), &view, about).await
    }

    /// What is read before the snapshot: a reader must not wait for a second connection while it holds one.
    async fn about(&self, view: &View) -> ServiceResult<About> {
        let companies = match view.scope.company_ids() {
            Some(ids) => u32::try_from(ids.len()).unwrap_or(u32::MAX),
            None => self.store.company_count(view.scope.account.id).await?,
        };
        Ok(About {
            plan: self.plan_of(&view.scope).await?,
            companies,
            reconciled: self.reconciled(view).await?,
            whose: self.whose(view).await?,
        })
    }
}

/// What the page says of the account besides its usage.
struct About {
    plan: Plan,
    companies: u32,
    reconciled: Option<ReconciledView>,
    whose: Whose,
}

async fn read_dashboard(
    snapshot: &mut dyn Snapshot,
    view: &View,
    about: About,
) -> ServiceResult<Dashboard> {
    let cycle = view.gauge_cycle();
    let complete = complete_view(snapshot, view).await?;
    let books = books_view(snapshot, BooksAsk::of(view, view.now)).await?;
    let cycle_days = read_cycle_days(snapshot, view, cycle).await?;
    let (bars, agents) = read_cards(snapshot, view).await?;
    Ok(Dashboard {
        as_of: snapshot.as_of().await?,
        now: view.now,
        year: view.zone.at(view.now).year(),
        whose: about.whose.clone(),
        account: AccountView {
            complete,
            ..account_view(view, about)
        },
        cycle: cycle_view(view, cycle),
        books,
        cycle_used: cycle_days
            .iter()
            .fold(Credits::ZERO, |sum, day| sum.saturating_add(day.credits)),
        cycle_days,
        companies: view.companies.clone(),
        period: period_view(view, view.coverage(snapshot, view.period).await?),
        bars,
        agents,
        selected_agents: view.selection.agents.clone(),
        activities: read_activities(snapshot, view).await?,
    })
}

fn account_view(view: &View, about: About) -> AccountView {
    let account = &view.scope.account;
    AccountView {
        key: account.key.clone(),
        name: account.name.clone(),
        kind: account.kind,
        time_zone: account.time_zone.clone(),
        shown_zone: view.zone.name().to_owned(),
        companies: about.companies,
        reconciled: about.reconciled,
        complete: None,
        // The plan tells the allocation, which is not for those who see some companies only.
        plan: if view.scope.sees_all() {
            about.plan.name
        } else {
            String::new()
        },
    }
}

pub(crate) fn cycle_view(view: &View, cycle: Cycle) -> CycleView {
    let zone = view.cycles.zone();
    let running = view.cycles.at(view.now).range;
    let days = words::days_in(cycle.range, zone);
    CycleView {
        range: cycle.range,
        is_over: cycle.range.end <= view.now,
        label: words::range_label(cycle.range, zone),
        day: words::days_in(
            TimeRange::new(cycle.range.start, view.now.plus_micros(1)),
            zone,
        )
        .clamp(1, days.max(1)),
        days,
        resets_on: words::date_label(running.end, zone),
        resets_in: words::until(view.now, running.end, zone),
        ended_on: words::date_label(cycle.range.end.plus_micros(-1), zone),
    }
}

fn period_view(view: &View, coverage: Coverage) -> PeriodView {
    let range = view.period.range;
    let (label, compared_with) = words::period_labels(view, range);
    PeriodView {
        range,
        uncompared: view.uncompared(coverage),
        previous: view.period.previous,
        compared: view.compared,
        label,
        compared_with,
        first_label: words::day_label(range.start, &view.zone),
        last_label: words::day_label(range.end.plus_micros(-1), &view.zone),
    }
}

/// The cycle day by day for the selected companies, whatever else the view is narrowed to.
async fn read_cycle_days(
    snapshot: &mut dyn Snapshot,
    view: &View,
    cycle: Cycle,
) -> ServiceResult<Vec<CycleDay>> {
    let zone = view.cycles.zone();
    let windows = Window::Day
        .tile(cycle.range, zone)
        .map_err(|error| ServiceError::invalid("period", error))?;
    let selection = Selection {
        companies: view.selection.companies.clone(),
        ..Selection::default()
    };
    let ask = Ask {
        account: view.scope.account.id,
        selection: &selection,
        days_of: Some(zone),
        group_by: GroupBy::All,
    };
    let cells = read_cells(snapshot, ask, cycle.range).await?;
    let mut days: Vec<_> = windows
        .iter()
        .map(|range| CycleDay {
            range: *range,
            label: words::day_label(range.start, zone),
            credits: Credits::ZERO,
        })
        .collect();
    for cell in &cells {
        if let Some(day) = window_of(&windows, cell).and_then(|index| days.get_mut(index)) {
            day.credits = day.credits.saturating_add(cell.totals.credits);
        }
    }
    Ok(days)
}

/// The activities to choose from: all the account ever used, or, for a caller limited to some companies, what the
/// selected ones did in the period.
async fn read_activities(snapshot: &mut dyn Snapshot, view: &View) -> ServiceResult<Vec<String>> {
    let mut choices = if view.scope.sees_all() {
        let account = view.scope.account.id;
        snapshot.activities(account, MOST_CHOICES).await?
    } else {
        of_companies(snapshot, view).await?
    };
    choices.truncate(MOST_CHOICES);
    // What is chosen can be chosen no more.
    choices.extend(view.selection.activities.iter().cloned());
    choices.sort_unstable();
    choices.dedup();
    Ok(choices)
}

async fn of_companies(snapshot: &mut dyn Snapshot, view: &View) -> ServiceResult<Vec<String>> {
    let selection = Selection {
        companies: view.selection.companies.clone(),
        ..Selection::default()
    };
    let ask = Ask {
        selection: &selection,
        ..view.ask(GroupBy::Activity)
    };
    let cells = read_cells(snapshot, ask, view.period.range).await?;
    let names = cells.into_iter().filter_map(|cell| match cell.key {
        GroupKey::Activity(name) => Some(name),
        GroupKey::All | GroupKey::Agent(_) | GroupKey::Company(_) => None,
    });
    Ok(names
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect())
}

/// All six cards. The agent filter is left out: the cards are that filter.
async fn read_cards(
    snapshot: &mut dyn Snapshot,
    view: &View,
) -> ServiceResult<(Vec<Bar>, Vec<AgentUsage>)> {
    let range = view.period.range;
    let window = Window::fitting(range);
    let windows = window
        .tile(range, &view.zone)
        .map_err(|error| ServiceError::invalid("to", error))?;
    let windows: Vec<_> = windows
        .into_iter()
        .map(|window| window.within(range))
        .collect();
    let selection = Selection {
        agents: Vec::new(),
        ..view.selection.clone()
    };
    let ask = Ask {
        selection: &selection,
        days_of: view.days_for(window),
        ..view.ask(GroupBy::Agent)
    };
    let cells = read_cells(snapshot, ask, range).await?;
    let previous_ask = Ask {
        days_of: Some(view.cycles.zone()),
        ..ask
    };
    let previous = by_agent(&read_cells(snapshot, previous_ask, view.period.previous).await?);
    let bars = windows
        .iter()
        .map(|bar| words::bar(*bar, window, &view.zone))
        .collect();
    Ok((
        bars,
        Agent::ALL
            .iter()
            .map(|agent| {
                card(
                    *agent,
                    &cells,
                    &windows,
                    previous[usize::from(agent.index())],
                )
            })
            .collect(),
    ))
}

fn card(agent: Agent, cells: &[Cell], windows: &[TimeRange], previous: Totals) -> AgentUsage {
    let mut usage = AgentUsage {
        agent,
        current: Totals::default(),
        previous,
        bars: vec![Totals::default(); windows.len()],
    };
    for cell in cells
        .iter()
        .filter(|cell| cell.key == GroupKey::Agent(agent))
    {
        usage.current.add(cell.totals);
        if let Some(total) = window_of(windows, cell).and_then(|index| usage.bars.get_mut(index)) {
            total.add(cell.totals);
        }
    }
    usage
}
