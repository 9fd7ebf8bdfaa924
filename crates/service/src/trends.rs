//! Trends: usage over time, kept apart by agent, activity or company, against the period before.

use std::collections::BTreeMap;

use domain::{
    Agent, Time, TimeRange,
    activity::activity_label,
    calendar::{Window, Zone},
    filter::ViewQuery,
    usage::Totals,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{Cell, GroupBy, GroupKey},
    split::{Ask, read_cells},
    usage::window_of,
};

/// Groups that are told apart; the rest is added up.
pub const MOST_GROUPS: usize = 7;
/// Hours of a day and days of a week, Monday first.
pub type Heat = [[Totals; 24]; 7];

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
    /// The same stretch of time before.
    pub previous_range: TimeRange,
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
    /// Usage of a view over time, by group, and the period before.
    pub async fn trends(
        &self,
        scope: Scope,
        query: &ViewQuery,
        window: Window,
        group_by: GroupBy,
    ) -> ServiceResult<Trends> {
        let view = self.view(scope, query).await?;
        let (range, previous_range) = (view.period.range, view.period.previous);
        let windows = window
            .tile(range, &view.zone)
            .map_err(|error| ServiceError::invalid("window", error))?;
        let mut snapshot = self.store.snapshot().await?;
        let grouped = Ask {
            days_of: view.days_for(window),
            ..view.ask(group_by)
        };
        let cells = read_cells(snapshot.as_mut(), grouped, range).await?;
        let before = read_cells(snapshot.as_mut(), view.ask(group_by), previous_range).await?;
        let by_hour = Ask {
            days_of: None,
            ..view.ask(GroupBy::All)
        };
        let hours = read_cells(snapshot.as_mut(), by_hour, range).await?;
        // A reader must not wait for a second connection while it holds one.
        drop(snapshot);
        let mut groups: BTreeMap<GroupKey, TrendGroup> = BTreeMap::new();
        for cell in &cells {
            let group = groups
                .entry(cell.key.clone())
                .or_insert_with(|| empty(windows.len()));
            group.total.add(cell.totals);
            if let Some(point) = window_of(&windows, cell).and_then(|at| group.points.get_mut(at)) {
                point.add(cell.totals);
            }
        }
        for cell in &before {
            let group = groups
                .entry(cell.key.clone())
                .or_insert_with(|| empty(windows.len()));
            group.previous.add(cell.totals);
        }
        let all: Vec<_> = cells.iter().chain(&before).cloned().collect();
        let names = self.company_names(&view, &all).await?;
        let mut groups: Vec<_> = groups
            .into_iter()
            .map(|(key, group)| named(&key, group, &names))
            .collect();
        let movers = movers(&groups);
        groups.sort_by_key(|group| std::cmp::Reverse(group.total.credits));
        let (total, previous) = sums(&groups);
        Ok(Trends {
            heat: heat(&hours, &view.zone),
            groups: coloured(told_apart(groups), group_by),
            zone: view.zone,
            window,
            windows,
            range,
            previous_range,
            total,
            previous,
            movers,
            now: view.now,
        })
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

fn named(
    key: &GroupKey,
    group: TrendGroup,
    companies: &BTreeMap<domain::CompanyId, (String, String)>,
) -> TrendGroup {
    let (key, name) = match key {
        GroupKey::Agent(agent) => (agent.id().to_owned(), agent.name().to_owned()),
        GroupKey::Company(id) => companies.get(id).cloned().unwrap_or_default(),
        GroupKey::Activity(activity) => (activity.clone(), activity_label(activity)),
        GroupKey::All => ("all".to_owned(), "All".to_owned()),
    };
    TrendGroup {
        key: Some(key),
        name,
        ..group
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
fn coloured(mut groups: Vec<TrendGroup>, group_by: GroupBy) -> Vec<TrendGroup> {
    for (place, group) in groups.iter_mut().enumerate() {
        let agent = group
            .key
            .as_deref()
            .and_then(|key| key.parse::<Agent>().ok());
        group.layer = match agent {
            Some(agent) if group_by == GroupBy::Agent => usize::from(agent.index()),
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

fn heat(cells: &[Cell], zone: &Zone) -> Heat {
    let mut heat = Heat::default();
    for cell in cells {
        let at = zone.at(cell.start);
        let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
        let hour = usize::try_from(at.hour()).unwrap_or(0);
        if let Some(slot) = heat.get_mut(weekday).and_then(|day| day.get_mut(hour)) {
            slot.add(cell.totals);
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
