//! Trends: usage over time, kept apart by agent, activity or company, against the period before.

use std::collections::BTreeMap;

use domain::{
    Agent, Time, TimeRange,
    activity::activity_label,
    calendar::{Comparison, Coverage, Window, Zone},
    filter::ViewQuery,
    usage::Totals,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{GroupBy, GroupKey},
    split::{Ask, read_cells},
};

/// Groups that are told apart; the rest is added up.
pub const MOST_GROUPS: usize = 7;
/// Hours of a day and days of a week, Monday first.
pub type Heat = [[Totals; 24]; 7];

/// What trends are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendsQuery {
    /// Which usage, and what it is compared with.
    pub view: ViewQuery,
    /// How long a window is.
    pub window: Window,
    /// What it is kept apart by.
    pub group_by: GroupBy,
}

/// What a page of trends is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Trends {
    /// The zone windows, hours and weekdays are counted in.
    pub zone: Zone,
    /// How long a window is.
    pub window: Window,
    /// The windows of the period, also those without events.
    pub windows: Vec<TimeRange>,
    /// Groups, those who spent most first; the last may be all others.
    pub groups: Vec<TrendGroup>,
    /// The period, and what it is compared with.
    pub range: TimeRange,
    /// What it is compared with.
    pub previous_range: TimeRange,
    /// Which time that is.
    pub compared: Comparison,
    /// How much is known of that time.
    pub coverage: Coverage,
    /// In the period.
    pub total: Totals,
    /// In the period before.
    pub previous: Totals,
    /// Who changed most, the largest change first: every group, not only those told apart.
    pub movers: Vec<Mover>,
    /// When in the week it was spent.
    pub heat: Heat,
    /// When it was read.
    pub now: Time,
}

/// One group over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendGroup {
    /// What the view is narrowed to it with; none for all others.
    pub key: Option<String>,
    /// Its name.
    pub name: String,
    /// Which colour it has: an agent always the same, others by their place.
    pub layer: usize,
    /// One total a window.
    pub points: Vec<Totals>,
    /// In the period.
    pub total: Totals,
    /// In the period before.
    pub previous: Totals,
}

/// Someone whose use changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// What the view is narrowed to it with.
    pub key: String,
    /// Its name.
    pub name: String,
    /// In the period.
    pub now: Totals,
    /// In the period before.
    pub before: Totals,
}

impl Mover {
    /// By how much it changed, in micro-credits.
    pub fn change_micro(&self) -> i64 {
        let (now, before) = (self.now.credits.micro(), self.before.credits.micro());
        now.saturating_sub(before)
    }
}

impl Services {
    /// Usage of a view over time, by group, and in the time it is compared with.
    pub async fn trends(&self, scope: Scope, query: &TrendsQuery) -> ServiceResult<Trends> {
        let view = self.view(scope, &query.view).await?;
        let period = view.period;
        let windows = query
            .window
            .tile(period.range, &view.zone)
            .map_err(|error| ServiceError::invalid("window", error))?;
        let mut snapshot = self.store.snapshot().await?;
        let grouped = Ask {
            days_of: view.days_for(query.window),
            ..view.ask(query.group_by)
        };
        let cells = read_cells(snapshot.as_mut(), grouped, period.range).await?;
        let ask = view.ask(query.group_by);
        let before = read_cells(snapshot.as_mut(), ask, period.previous).await?;
        let by_hour = Ask {
            days_of: None,
            ..view.ask(GroupBy::All)
        };
        let hours = read_cells(snapshot.as_mut(), by_hour, period.range).await?;
        let coverage = view.coverage(snapshot.as_mut(), period).await?;
        // A reader must not wait for a second connection while it holds one.
        drop(snapshot);
        let all: Vec<_> = cells.iter().chain(&before).cloned().collect();
        let names = self.company_names(&view, &all).await?;
        let mut groups = Groups::over(&windows);
        for cell in &cells {
            groups.add(named(&cell.key, &names), cell.start, cell.totals);
        }
        for cell in &before {
            groups.add_before(named(&cell.key, &names), cell.totals);
        }
        let Grouped {
            groups,
            movers,
            total,
            previous,
        } = groups.finish(query.group_by == GroupBy::Agent);
        Ok(Trends {
            heat: heat(
                hours.iter().map(|cell| (cell.start, cell.totals)),
                &view.zone,
            ),
            groups,
            zone: view.zone,
            window: query.window,
            windows,
            range: period.range,
            previous_range: period.previous,
            compared: view.compared,
            coverage,
            total,
            previous,
            movers,
            now: view.now,
        })
    }
}

/// What a group is called: what a view is narrowed to it with, and its name.
pub(crate) type GroupName = (String, String);

/// Groups that are being added up.
pub(crate) struct Groups<'a> {
    windows: &'a [TimeRange],
    groups: BTreeMap<GroupName, TrendGroup>,
}

/// Groups in their order, and what follows from them.
pub(crate) struct Grouped {
    pub groups: Vec<TrendGroup>,
    pub movers: Vec<Mover>,
    pub total: Totals,
    pub previous: Totals,
}

impl<'a> Groups<'a> {
    pub(crate) const fn over(windows: &'a [TimeRange]) -> Self {
        Self {
            windows,
            groups: BTreeMap::new(),
        }
    }

    fn group(&mut self, name: GroupName) -> &mut TrendGroup {
        let windows = self.windows.len();
        self.groups
            .entry(name)
            .or_insert_with_key(|(key, name)| TrendGroup {
                key: Some(key.clone()),
                name: name.clone(),
                ..empty(windows)
            })
    }

    /// Adds what a group used from `start` on, in the period.
    pub(crate) fn add(&mut self, name: GroupName, start: Time, totals: Totals) {
        let at = self.windows.partition_point(|window| window.end <= start);
        let group = self.group(name);
        group.total.add(totals);
        if let Some(point) = group.points.get_mut(at) {
            point.add(totals);
        }
    }

    /// Adds what a group used in the time the period is compared with.
    pub(crate) fn add_before(&mut self, name: GroupName, totals: Totals) {
        self.group(name).previous.add(totals);
    }

    /// The largest first; the small ones as one.
    pub(crate) fn finish(self, are_agents: bool) -> Grouped {
        let mut groups: Vec<_> = self.groups.into_values().collect();
        let movers = movers(&groups);
        groups.sort_by_key(|group| std::cmp::Reverse(group.total.credits));
        let (total, previous) = sums(&groups);
        Grouped {
            groups: coloured(told_apart(groups), are_agents),
            movers,
            total,
            previous,
        }
    }
}

fn empty(windows: usize) -> TrendGroup {
    TrendGroup {
        key: None,
        name: String::new(),
        layer: 0,
        points: vec![Totals::default(); windows],
        total: Totals::default(),
        previous: Totals::default(),
    }
}

fn named(key: &GroupKey, companies: &BTreeMap<domain::CompanyId, (String, String)>) -> GroupName {
    match key {
        GroupKey::Agent(agent) => (agent.id().to_owned(), agent.name().to_owned()),
        GroupKey::Company(id) => companies.get(id).cloned().unwrap_or_default(),
        GroupKey::Activity(activity) => (activity.clone(), activity_label(activity)),
        GroupKey::All => ("all".to_owned(), "All".to_owned()),
    }
}

fn sums(groups: &[TrendGroup]) -> (Totals, Totals) {
    let (mut total, mut previous) = (Totals::default(), Totals::default());
    for group in groups {
        total.add(group.total);
        previous.add(group.previous);
    }
    (total, previous)
}

/// The largest groups, and all others as one.
fn told_apart(mut groups: Vec<TrendGroup>) -> Vec<TrendGroup> {
    if groups.len() <= MOST_GROUPS + 1 {
        return groups;
    }
    let rest = groups.split_off(MOST_GROUPS);
    let mut others = TrendGroup {
        name: format!("{} others", rest.len()),
        ..empty(rest[0].points.len())
    };
    for group in rest {
        others.total.add(group.total);
        others.previous.add(group.previous);
        for (sum, point) in others.points.iter_mut().zip(group.points) {
            sum.add(point);
        }
    }
    groups.push(others);
    groups
}

/// Gives each group its colour.
fn coloured(mut groups: Vec<TrendGroup>, are_agents: bool) -> Vec<TrendGroup> {
    for (place, group) in groups.iter_mut().enumerate() {
        let agent = group
            .key
            .as_deref()
            .and_then(|key| key.parse::<Agent>().ok());
        group.layer = match agent {
            Some(agent) if are_agents => usize::from(agent.index()),
            _ => place,
        };
    }
    groups
}

fn movers(groups: &[TrendGroup]) -> Vec<Mover> {
    let mut movers: Vec<_> = groups
        .iter()
        .filter_map(|group| {
            Some(Mover {
                key: group.key.clone()?,
                name: group.name.clone(),
                now: group.total,
                before: group.previous,
            })
        })
        .filter(|mover| mover.change_micro() != 0)
        .collect();
    movers.sort_by_key(|mover| std::cmp::Reverse(mover.change_micro().unsigned_abs()));
    movers
}

/// Adds up by hour and weekday of a zone.
pub(crate) fn heat(cells: impl Iterator<Item = (Time, Totals)>, zone: &Zone) -> Heat {
    let mut heat = Heat::default();
    for (start, totals) in cells {
        let at = zone.at(start);
        let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
        let hour = usize::try_from(at.hour()).unwrap_or(0);
        if let Some(slot) = heat.get_mut(weekday).and_then(|day| day.get_mut(hour)) {
            slot.add(totals);
        }
    }
    heat
}

#[cfg(test)]
mod tests {
    use domain::Credits;

    use super::*;

    fn group(name: &str, now: i64, before: i64) -> TrendGroup {
        let totals = |credits| Totals {
            credits: Credits::from_micro(credits),
            events: 1,
        };
        TrendGroup {
            key: Some(name.to_owned()),
            name: name.to_owned(),
            layer: 0,
            points: vec![totals(now)],
            total: totals(now),
            previous: totals(before),
        }
    }

    #[test]
    fn small_groups_become_one_and_nothing_is_lost() {
        let groups: Vec<_> = (0..20)
            .map(|number| group(&number.to_string(), 20 - number, number))
            .collect();
        let sums_before = sums(&groups);
        let apart = told_apart(groups);
        assert_eq!(apart.len(), MOST_GROUPS + 1);
        assert_eq!(
            (apart[7].name.as_str(), &apart[7].key),
            ("13 others", &None)
        );
        assert_eq!(sums(&apart), sums_before);
        let points: i64 = apart
            .iter()
            .map(|group| group.points[0].credits.micro())
            .sum();
        assert_eq!(points, 210);
    }

    #[test]
    fn those_who_changed_most_come_first_whichever_way() {
        let groups = [group("same", 5, 5), group("up", 9, 2), group("down", 1, 30)];
        let order: Vec<_> = movers(&groups)
            .into_iter()
            .map(|mover| mover.name)
            .collect();
        assert_eq!(order, ["down", "up"]);
    }
}
