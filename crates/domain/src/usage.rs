//! Totals, cards, bars: what the page shows besides the log.

use serde::{Deserialize, Serialize};

use crate::{
    Agent, Credits, Seq, TimeRange,
    ledger::{Balance, BooksView},
    tenancy::AccountKind,
};

/// Credits and the number of events that spent them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Sum of credits.
    pub credits: Credits,
    /// Number of events.
    pub events: u64,
}

impl Totals {
    /// Both added; a sum past the largest amount stays there.
    pub fn add(&mut self, other: Self) {
        self.credits = self.credits.saturating_add(other.credits);
        self.events = self.events.saturating_add(other.events);
    }
}

/// The account a page is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its key.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Customer or agency.
    pub kind: AccountKind,
    /// IANA name of the zone its cycles are counted in.
    pub time_zone: String,
    /// IANA name of the zone the page shows times in.
    pub shown_zone: String,
    /// How many companies the caller may see.
    pub companies: u32,
    /// Display name of its plan.
    pub plan: String,
    /// The latest comparison of log, cards, gauge and enforcement; none before the first.
    pub reconciled: Option<ReconciledView>,
    /// Who is late to report; none when nobody is, or for those who see some companies only.
    pub complete: Option<CompleteView>,
}

/// Up to when everything is probably here, and whose reports are missing since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteView {
    /// When, in the zone shown: `14:03:10`, or `25 Nov 23:51`.
    pub to: String,
    /// Names of the sources that are late.
    pub late: Vec<String>,
}

/// When everything was last compared with everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciledView {
    /// When, in the zone shown: `25 Nov 23:51`.
    pub at: String,
    /// Whether everything of the account agreed.
    pub is_clean: bool,
}

/// A company, named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CompanyName {
    /// Its key.
    pub key: String,
    /// Display name.
    pub name: String,
}

/// The running billing cycle, in words and instants of the account's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleView {
    /// Its instants.
    pub range: TimeRange,
    /// `1 – 30 November 2026`.
    pub label: String,
    /// Which day of it today is, from 1.
    pub day: u32,
    /// How many days it has.
    pub days: u32,
    /// `1 December 2026`.
    pub resets_on: String,
    /// `in 7 days`, `tomorrow`, `in 5 hours`.
    pub resets_in: String,
}

/// The chosen period, in words and instants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodView {
    /// Its instants.
    pub range: TimeRange,
    /// The instants it is compared with.
    pub previous: TimeRange,
    /// `this cycle`, `last 7 days`, `3 – 9 November 2026`.
    pub label: String,
    /// What it is compared with: `last cycle to the same point`.
    pub compared_with: String,
    /// Why there is no change to show: `No data before 12 Nov to compare with`; none when there is.
    pub uncompared: Option<String>,
    /// First day, short: `1 Nov`.
    pub first_label: String,
    /// Last day, short: `30 Nov`.
    pub last_label: String,
}

/// One calendar window of the charts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Its instants, within the period.
    pub range: TimeRange,
    /// `Mon 23 Nov`, `23 Nov 14:00`.
    pub label: String,
    /// `from` and `to` of this window as a URL takes them.
    pub from: String,
    /// See `from`.
    pub to: String,
}

/// One agent's card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentUsage {
    /// Which agent.
    pub agent: Agent,
    /// In the period.
    pub current: Totals,
    /// In the period it is compared with.
    pub previous: Totals,
    /// One for each [`Bar`] of the page.
    pub bars: Vec<Totals>,
}

/// A day of the cycle, for the cumulative chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleDay {
    /// Its instants.
    pub range: TimeRange,
    /// `23 Nov`.
    pub label: String,
    /// Spent on that day by the selected companies.
    pub credits: Credits,
}

/// What will probably be of the running cycle, in words and amounts; as true as when the page was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastView {
    /// `Likely to run out on 12 Dec`.
    pub headline: String,
    /// `Between 9 and 17 Dec`; empty when there is no more to say.
    pub detail: String,
    /// Whether credits will more likely be used up than not.
    pub runs_out: bool,
    /// Used by the cycle's end: little, in the middle, much; none while too little is known.
    pub cycle_use: Option<[Credits; 3]>,
}

/// Everything on the page above the log, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Every event up to here is counted, and none after.
    pub as_of: Seq,
    /// When it was read.
    pub now: crate::Time,
    /// The year in the shown zone, so that rows of other years can say theirs.
    pub year: i16,
    /// Whose page it is.
    pub account: AccountView,
    /// The running cycle.
    pub cycle: CycleView,
    /// Balance and running calls.
    pub books: BooksView,
    /// Spent in the running cycle by the selected companies.
    pub cycle_used: Credits,
    /// The running cycle day by day, selected companies.
    pub cycle_days: Vec<CycleDay>,
    /// The companies the view is narrowed to; empty when it is not.
    pub companies: Vec<CompanyName>,
    /// The chosen period.
    pub period: PeriodView,
    /// The charts' windows.
    pub bars: Vec<Bar>,
    /// All six agents, in display order. The agent filter does not apply here: cards are that filter.
    pub agents: Vec<AgentUsage>,
    /// The agents the view is narrowed to; empty when it is not.
    pub selected_agents: Vec<Agent>,
    /// Activities seen in the account, as choices for the filter.
    pub activities: Vec<String>,
}

impl Dashboard {
    /// The whole account's balance; none when the caller sees some companies only.
    pub const fn balance(&self) -> Option<Balance> {
        self.books.balance
    }

    /// Whether an agent's events are part of the view.
    pub fn is_selected(&self, agent: Agent) -> bool {
        self.selected_agents.is_empty() || self.selected_agents.contains(&agent)
    }

    /// What the log below adds up to: the selected agents' totals.
    pub fn listed(&self) -> Totals {
        let mut sum = Totals::default();
        let selected = self
            .agents
            .iter()
            .filter(|usage| self.is_selected(usage.agent));
        selected.for_each(|usage| sum.add(usage.current));
        sum
    }

    /// What all six agents together spent in the period.
    pub fn all_agents(&self) -> Totals {
        let mut sum = Totals::default();
        self.agents.iter().for_each(|usage| sum.add(usage.current));
        sum
    }
}
