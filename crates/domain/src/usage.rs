//! Totals, cards, bars: what the page shows besides the log.

use serde::{Deserialize, Serialize};

use crate::{
    Agent, Credits, Seq, TimeRange,
    filter::Comparison,
    ledger::{Balance, BooksView, CreditFacts},
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
    /// Names of sources that are late, some of them when there are many.
    pub late: Vec<String>,
    /// How many sources are late.
    pub late_count: u32,
}

/// When everything was last compared with everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciledView {
    /// When, in the zone shown: `25 Nov 23:51`.
    pub at: String,
    /// Whether everything of the account agreed.
    pub is_clean: bool,
    /// Whether the database's file is damaged, so that nothing that is shown can be trusted.
    pub is_damaged: bool,
}

/// A company, named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CompanyName {
    /// Its key.
    pub key: String,
    /// Display name.
    pub name: String,
}

/// Whose credits a page is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    /// The whole account.
    Account,
    /// One company: it is measured against its own budget, if it has one.
    Company(CompanyName),
    /// So many companies: they have no limit in common, so their use is measured against none.
    Companies(u32),
}

/// The billing cycle that the gauge is about: the running one, or the last one when that is looked at. In words and instants of the account's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleView {
    /// Its instants.
    pub range: TimeRange,
    /// Whether it is over: then its figures are final, and there is nothing to look ahead to.
    pub is_over: bool,
    /// `1 – 30 November 2026`.
    pub label: String,
    /// Which day of it today is, from 1.
    pub day: u32,
    /// How many days it has.
    pub days: u32,
    /// When the running cycle ends, whichever is looked at: `1 December 2026`.
    pub resets_on: String,
    /// See `resets_on`: `in 7 days`, `tomorrow`, `in 5 hours`.
    pub resets_in: String,
    /// Its last day: `30 November 2026`.
    pub ended_on: String,
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
    /// Which time it is compared with.
    pub compared: Comparison,
    /// More about that time: `last cycle to the same point`; empty when its name says it all.
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
    /// `Likely to run out on 12 Dec`; empty where nothing limits the use.
    pub headline: String,
    /// `Between 9 and 17 Dec`; empty when there is no more to say.
    pub detail: String,
    /// Whether credits will more likely be used up than not.
    pub runs_out: bool,
    /// Used by the cycle's end: little, in the middle, much; none while too little is known.
    pub cycle_use: Option<[Credits; 3]>,
}

impl ForecastView {
    /// Whether it says how much the cycle will have used.
    pub const fn projects(&self) -> bool {
        self.cycle_use.is_some()
    }
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
    /// Whose credits the gauge is about.
    pub whose: Whose,
    /// The cycle the gauge is about.
    pub cycle: CycleView,
    /// Balance and running calls.
    pub books: BooksView,
    /// Spent in the gauge's cycle by the selected companies.
    pub cycle_used: Credits,
    /// The gauge's cycle day by day, selected companies.
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
    /// Activities seen in the account, as choices for the filter: the most used when there are more than
    /// [`crate::event::MOST_CHOICES`].
    pub activities: Vec<String>,
}

impl Dashboard {
    /// The whole account's balance; none when the caller sees some companies only.
    pub const fn balance(&self) -> Option<Balance> {
        self.books.balance
    }

    /// What the gauge measures use against: the account's credits, or the budget of the one company looked at; of a cycle
    /// that is over, what it came to in the end. None where nothing limits.
    pub fn measure(&self) -> Option<Balance> {
        if self.cycle.is_over {
            return self.books.ended;
        }
        self.books.running(&self.whose)
    }

    /// What the gauge shows as used.
    pub fn used(&self) -> Credits {
        self.measure()
            .map_or(self.cycle_used, |balance| balance.used)
    }

    /// How the gauge's cycle stands.
    pub fn facts(&self) -> CreditFacts {
        CreditFacts {
            is_over: self.cycle.is_over,
            used: self.used(),
            balance: self.measure(),
            ..self.running_facts()
        }
    }

    /// How the running cycle stands, whichever cycle is looked at.
    pub fn running_facts(&self) -> CreditFacts {
        let balance = self.books.running(&self.whose);
        CreditFacts {
            is_account: self.whose == Whose::Account,
            is_over: false,
            is_suspended: self.books.is_suspended,
            is_stopped: self.books.is_stopped,
            used: balance.map_or(self.cycle_used, |balance| balance.used),
            balance,
        }
    }

    /// Whether what will probably be used is worth saying: while AI features work, and the cycle is not over.
    pub fn looks_ahead(&self) -> bool {
        !self.cycle.is_over && !self.facts().state().is_stopped()
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

impl BooksView {
    /// What use is measured against in the running cycle.
    const fn running(&self, whose: &Whose) -> Option<Balance> {
        match whose {
            Whose::Account => self.balance,
            Whose::Company(_) => self.budget,
            Whose::Companies(_) => None,
        }
    }
}
