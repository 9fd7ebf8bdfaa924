//! A week in the words of a letter.

use domain::{
    Time,
    number::{self, Change},
};

use super::Told;
use crate::{
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

    /// The whole letter.
    pub(super) fn text(&self) -> String {
        let (now, before) = self.totals();
        let review = &self.review;
        let mut lines = vec![
            format!(
                "{}, {} to {} ({})",
                self.account,
                self.at(review.week.start, "%-d %b"),
                self.at(review.week.end.plus_micros(-1), "%-d %b %Y"),
                review.spikes.zone.name()
            ),
            String::new(),
            format!(
                "{} credits used, {} ({}).",
                number::whole_credits(now),
                against(&number::change(now, before)),
                number::whole_credits(before)
            ),
        ];
        lines.extend(section("By agent", &review.by_agent));
        lines.extend(section("By company", &review.by_company));
        lines.extend(self.unusual());
        let outlook = self.forecast.view();
        lines.extend([
            String::new(),
            "This cycle".to_owned(),
            format!("  {}. {}", outlook.headline, outlook.detail)
                .trim_end()
                .to_owned(),
            String::new(),
            "The page Weekly review shows the rows behind every figure. Whether this letter comes is said on the page Alerts.".to_owned(),
            String::new(),
        ]);
        lines.join("\n")
    }

    fn totals(&self) -> (domain::Credits, domain::Credits) {
        let trends = &self.review.by_agent;
        (trends.total.credits, trends.previous.credits)
    }

    fn at(&self, time: Time, format: &str) -> String {
        let zone = &self.review.spikes.zone;
        zone.at(time).strftime(format).to_string()
    }

    fn unusual(&self) -> Vec<String> {
        let Some(spikes) = self.review.spikes.spikes.as_ref() else {
            return Vec::new();
        };
        if spikes.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![String::new(), "Spikes".to_owned()];
        lines.extend(
            spikes
                .iter()
                .take(MOST_SPIKES)
                .map(|spike| self.spike(spike)),
        );
        if let Some(more) = spikes
            .len()
            .checked_sub(MOST_SPIKES)
            .filter(|more| *more > 0)
        {
            lines.push(format!("  and {more} more"));
        }
        lines
    }

    fn spike(&self, found: &FoundSpike) -> String {
        let spike = &found.spike;
        let cause = found
            .mostly_from()
            .map_or_else(String::new, |cause| format!(", {cause}"));
        format!(
            "  {}: {} credits vs {} expected{cause}",
            self.at(spike.range.start, "%a %-d %b, %H:%M"),
            number::whole_credits(spike.used),
            number::whole_credits(spike.expected)
        )
    }
}

fn section(title: &str, trends: &Trends) -> Vec<String> {
    let used: Vec<_> = trends
        .groups
        .iter()
        .filter(|group| !group.total.credits.is_zero())
        .collect();
    if used.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), title.to_owned()];
    let credits: Vec<_> = used.iter().map(|group| group.total.credits).collect();
    let wholes = number::whole_parts(&credits);
    let named = used.iter().zip(&wholes).take(MOST_NAMED);
    lines.extend(named.map(|(group, whole)| line(group, whole)));
    if used.len() > MOST_NAMED {
        lines.push(format!("  and {} more", used.len() - MOST_NAMED));
    }
    lines
}

fn line(group: &TrendGroup, whole: &str) -> String {
    let change = number::change(group.total.credits, group.previous.credits);
    format!("  {}: {whole} credits, {}", group.name, against(&change))
}

fn against(change: &Change) -> String {
    match change {
        Change::New => "nothing the week before".to_owned(),
        Change::None | Change::Steady => "as in the week before".to_owned(),
        Change::Up(percent) => format!("{percent} more than the week before"),
        Change::Down(percent) => format!("{percent} less than the week before"),
    }
}
