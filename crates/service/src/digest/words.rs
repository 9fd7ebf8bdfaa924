//! A week in the words of an email.

use domain::{
    Credits, Time,
    number::{self, Change},
};

use super::Told;
use crate::{
    mail::Block,
    spikes::FoundSpike,
    trends::{TrendGroup, Trends},
};

/// Agents and companies that are named.
const MOST_NAMED: usize = 6;
/// Spikes that are told.
const MOST_SPIKES: usize = 3;

impl Told {
    /// One line that says the most important.
    pub(super) fn subject(&self) -> String {
        let (now, before) = self.totals();
        format!(
            "{}: {} credits last week, {}",
            self.account,
            number::whole_credits(now),
            against(&number::change(now, before))
        )
    }

    /// The whole email.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let (now, before) = self.totals();
        let review = &self.review;
        let zone = &review.spikes.zone;
        let mut blocks = vec![
            Block::Heading(format!("{}: your week in AI credits", self.account)),
            Block::Text(format!(
                "{} to {} ({})",
                zone.short_day(review.week.start),
                zone.day(review.week.end.plus_micros(-1)),
                zone.name()
            )),
            Block::Text(format!(
                "{} credits used, {} ({}).",
                number::whole_credits(now),
                against(&number::change(now, before)),
                number::whole_credits(before)
            )),
        ];
        blocks.extend(section("By agent", &review.by_agent));
        blocks.extend(section("By company", &review.by_company));
        blocks.extend(self.spikes());
        blocks.push(self.outlook());
        blocks
    }

    fn totals(&self) -> (Credits, Credits) {
        let trends = &self.review.by_agent;
        (trends.total.credits, trends.previous.credits)
    }

    fn outlook(&self) -> Block {
        let outlook = self.forecast.view();
        let mut lines = vec![outlook.headline];
        lines.extend(Some(outlook.detail).filter(|detail| !detail.is_empty()));
        Block::List("This billing cycle".to_owned(), lines)
    }

    fn at(&self, time: Time) -> String {
        let zone = &self.review.spikes.zone;
        zone.at(time).strftime("%a %-d %b, %H:%M").to_string()
    }

    fn spikes(&self) -> Option<Block> {
        let spikes = self.review.spikes.spikes.as_ref()?;
        if spikes.is_empty() {
            return None;
        }
        let told = spikes.iter().take(MOST_SPIKES);
        let lines = told.map(|spike| self.spike(spike)).collect();
        Some(list("Spikes", lines, spikes.len(), MOST_SPIKES))
    }

    fn spike(&self, found: &FoundSpike) -> String {
        let spike = &found.spike;
        let cause = found
            .mostly_from()
            .map_or_else(String::new, |cause| format!(", {cause}"));
        format!(
            "{}: {} credits vs {} expected{cause}",
            self.at(spike.range.start),
            number::whole_credits(spike.used),
            number::whole_credits(spike.expected)
        )
    }
}

/// A list of the first lines of so many.
fn list(title: &str, mut lines: Vec<String>, all: usize, most: usize) -> Block {
    if all > most {
        lines.push(format!("and {} more", all - most));
    }
    Block::List(title.to_owned(), lines)
}

/// Whole credits that add up to what is shown of them all.
fn section(title: &str, trends: &Trends) -> Option<Block> {
    let used: Vec<_> = trends
        .groups
        .iter()
        .filter(|group| !group.total.credits.is_zero())
        .collect();
    if used.is_empty() {
        return None;
    }
    let parts: Vec<_> = used.iter().map(|group| group.total.credits).collect();
    let lines = used
        .iter()
        .zip(number::whole_parts(&parts))
        .take(MOST_NAMED)
        .map(|(group, credits)| line(group, &credits))
        .collect();
    Some(list(title, lines, used.len(), MOST_NAMED))
}

fn line(group: &TrendGroup, credits: &str) -> String {
    let change = number::change(group.total.credits, group.previous.credits);
    format!("{}: {credits} credits, {}", group.name, against(&change))
}

fn against(change: &Change) -> String {
    match change {
        Change::New => "none in the previous week".to_owned(),
        Change::None | Change::Steady => "as in the previous week".to_owned(),
        Change::Up(percent) => format!("{percent} more than in the previous week"),
        Change::Down(percent) => format!("{percent} less than in the previous week"),
    }
}
