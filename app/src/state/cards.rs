//! The figures of the agents' cards, which add up to what is said of all of them.

use domain::{
    Agent, Credits,
    activity::first_upper,
    number::{self, Change},
    usage::{Dashboard, PeriodView, Totals},
};

/// What a card shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFigures {
    /// Whose card it is.
    pub agent: Agent,
    /// In the period.
    pub current: Totals,
    /// In the period it is compared with.
    pub previous: Totals,
    /// Credits in whole ones; those of all cards add up to [`CardSum::shown`].
    pub shown: String,
    /// The agent's part in percent; those of all cards add up to 100 as soon as anything is used.
    pub share: String,
    /// The change; none when there is nothing to compare with.
    pub change: Option<Change>,
}

impl CardFigures {
    /// Of all cards, in their order.
    pub fn of(dashboard: &Dashboard) -> Vec<Self> {
        let credits: Vec<Credits> = dashboard
            .agents
            .iter()
            .map(|usage| usage.current.credits)
            .collect();
        let shown = number::whole_parts(&credits);
        let shares = number::percent_parts(&credits, dashboard.all_agents().credits);
        let figures = dashboard.agents.iter().zip(shown.into_iter().zip(shares));
        let is_compared = dashboard.period.uncompared.is_none();
        figures
            .map(|(usage, (shown, share))| Self {
                agent: usage.agent,
                current: usage.current,
                previous: usage.previous,
                shown,
                share,
                change: is_compared
                    .then(|| number::change(usage.current.credits, usage.previous.credits)),
            })
            .collect()
    }

    /// Of an agent that nothing is known of.
    pub fn none(agent: Agent) -> Self {
        Self {
            agent,
            current: Totals::default(),
            previous: Totals::default(),
            shown: String::new(),
            share: String::new(),
            change: None,
        }
    }
}

/// What is said of all cards together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardSum {
    /// In the period.
    pub current: Totals,
    /// The period: `This cycle`.
    pub label: String,
    /// Credits in whole ones.
    pub shown: String,
    /// What follows the figure: ` credits, vs 82,845 in the previous period`.
    pub rest: String,
}

impl CardSum {
    /// Of a dashboard's cards.
    pub fn of(dashboard: &Dashboard) -> Self {
        let current = dashboard.all_agents();
        let shown = number::whole_credits(current.credits);
        let mut before = Totals::default();
        for usage in &dashboard.agents {
            before.add(usage.previous);
        }
        let with_unit = number::with_unit(&shown);
        let unit = with_unit.rsplit(' ').next().unwrap_or_default();
        let before = number::whole_credits(before.credits);
        let period = &dashboard.period;
        let compared = period.uncompared.as_ref().map_or_else(
            || {
                let then = compared_words(period);
                format!(", vs {before} in {then}")
            },
            |why_not| format!(". {why_not}"),
        );
        Self {
            rest: format!(" {unit}{compared}"),
            label: first_upper(&dashboard.period.label),
            current,
            shown,
        }
    }
}

/// The time a period is compared with: `the previous period (last cycle to the same point)`.
fn compared_words(period: &PeriodView) -> String {
    let then = period.compared.words().unwrap_or_default();
    if period.compared_with.is_empty() {
        then.to_owned()
    } else {
        format!("{then} ({})", period.compared_with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::fixture;

    fn with(credits: [&str; 6]) -> Dashboard {
        let mut dashboard = fixture::dashboard();
        for (usage, credits) in dashboard.agents.iter_mut().zip(credits) {
            usage.current.credits = credits.parse().unwrap();
        }
        dashboard
    }

    fn sum(of: impl Iterator<Item = String>) -> i64 {
        let figure = |text: String| {
            let text = text.replace([',', '%'], "");
            text.parse::<i64>().unwrap_or(0)
        };
        of.map(figure).sum()
    }

    #[test]
    fn the_cards_add_up_to_the_sum_above_them_and_their_shares_to_all() {
        let dashboard = with(["0.4", "0.4", "0.4", "10.5", "20.5", "30.5"]);
        let cards = CardFigures::of(&dashboard);
        assert_eq!(CardSum::of(&dashboard).shown, "63");
        assert_eq!(sum(cards.iter().map(|card| card.shown.clone())), 63);
        assert_eq!(sum(cards.iter().map(|card| card.share.clone())), 100);
        assert!(
            cards
                .iter()
                .all(|card| card.shown != "0" && card.share != "0%")
        );
    }

    #[test]
    fn what_the_period_is_compared_with_is_said() {
        let mut dashboard = with(["1", "0", "0", "0", "0", "0"]);
        dashboard.agents[3].previous.credits = fixture::whole(82_845);
        let sum = CardSum::of(&dashboard);
        assert_eq!(
            format!("{}: {}{}", sum.label, sum.shown, sum.rest),
            "This cycle: 1 credit, vs 82,845 in the previous period (last cycle to the same point)"
        );
        dashboard.period.compared = domain::filter::Comparison::Year;
        dashboard.period.compared_with.clear();
        assert_eq!(
            CardSum::of(&dashboard).rest,
            " credit, vs 82,845 in the same period last year"
        );
        let nothing = "No data before 12 Nov to compare with";
        dashboard.period.uncompared = Some(nothing.to_owned());
        let sum = CardSum::of(&dashboard);
        assert_eq!(sum.rest, format!(" credit. {nothing}"));
        let cards = CardFigures::of(&dashboard);
        assert!(cards.iter().all(|card| card.change.is_none()));
    }
}
