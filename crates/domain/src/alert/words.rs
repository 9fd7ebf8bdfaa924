//! What is said of an alert.

use super::{Ending, Mark, Reading};
use crate::{
    Credits,
    calendar::Zone,
    number::{credits, whole_credits},
};

/// What was seen by a rule, as it is told in the account's zone.
#[derive(Debug, Clone, Copy)]
pub struct Sentence<'a> {
    /// What the rule watches, as the word on the wire.
    pub kind: &'a str,
    /// What was seen: when it fired, or when it was over.
    pub reading: &'a Reading,
    /// The threshold that was crossed.
    pub mark: Mark,
    /// Name of the company it is about.
    pub company: &'a str,
    /// The account's zone.
    pub zone: &'a Zone,
}

impl Sentence<'_> {
    /// That a threshold was crossed: threshold and value apart.
    pub fn fired(&self) -> String {
        let value = self.value();
        match self.kind {
            "used_percent" | "company_budget" => {
                format!("{} passed {}%: {value}", self.name(), self.mark.0)
            }
            "remaining" => format!("{} credits or less remaining: {value}", self.threshold()),
            "projected_run_out" => self.run_out(),
            _ => format!("usage spike: {}", self.compared()),
        }
    }

    /// That an alert is over.
    pub fn ended(&self, ending: Ending) -> String {
        let (name, value) = (self.name(), self.value());
        match ending {
            Ending::RuleDeleted => format!("alert on {name} ended: its rule was deleted"),
            Ending::RuleChanged => format!("alert on {name} ended: its rule was changed"),
            Ending::BudgetRemoved => format!("alert on {name} ended: the budget was removed"),
            Ending::NewCycle => match self.kind {
                "used_percent" | "company_budget" | "remaining" => {
                    format!("a new billing cycle began, {name}: {value}")
                }
                _ => "a new billing cycle began: credits are projected to last".to_owned(),
            },
            Ending::Recovered => match self.kind {
                "used_percent" | "company_budget" => {
                    format!("{name} fell below {}%: {value}", self.mark.0)
                }
                "remaining" => format!(
                    "more than {} credits remaining again: {value}",
                    self.threshold()
                ),
                "projected_run_out" => {
                    "credits are projected to last to the end of the billing cycle again".to_owned()
                }
                _ => "the usage spike is over".to_owned(),
            },
        }
    }

    /// A threshold in credits, as it was set.
    fn threshold(&self) -> String {
        credits(Credits::from_micro(self.mark.0))
    }

    /// What is measured.
    fn name(&self) -> String {
        match self.kind {
            "used_percent" => "credits used".to_owned(),
            "company_budget" => format!("budget used by {}", self.company),
            "remaining" => "credits remaining".to_owned(),
            "projected_run_out" => "projected run-out".to_owned(),
            _ => "a usage spike".to_owned(),
        }
    }

    /// `8,750 of 10,000, 87.5%`.
    fn value(&self) -> String {
        let Reading {
            observed, limit, ..
        } = self.reading;
        let of = format!("{} of {}", whole_credits(*observed), whole_credits(*limit));
        if self.kind == "remaining" || *limit <= Credits::ZERO {
            return of;
        }
        format!("{of}, {}", share(*observed, *limit))
    }

    fn compared(&self) -> String {
        let (used, expected) = (self.reading.observed, self.reading.limit);
        format!(
            "{} vs {} expected",
            whole_credits(used),
            whole_credits(expected)
        )
    }

    fn run_out(&self) -> String {
        let is_out = self.reading.observed >= self.reading.limit;
        match self.reading.at {
            Some(at) if !is_out => format!(
                "credits are projected to run out on {} ({}), before the billing cycle ends",
                self.zone.day(at),
                self.zone.name()
            ),
            _ => "credits ran out before the billing cycle ended".to_owned(),
        }
    }
}

/// A share to a tenth of a percent, rounded down: 75% is never read before it is reached.
fn share(part: Credits, whole: Credits) -> String {
    let part = i128::from(part.micro().max(0));
    let tenths = part * 1_000 / i128::from(whole.micro().max(1));
    match (tenths / 10, tenths % 10) {
        (0, 0) if part > 0 => "< 0.1%".to_owned(),
        (whole, 0) => format!("{whole}%"),
        (whole, tenth) => format!("{whole}.{tenth}%"),
    }
}

/// With a capital letter, where a sentence begins.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Time, alert::Mark};

    fn said(kind: &str, level: u32, [observed, limit, threshold]: [&str; 3]) -> [String; 2] {
        let of = |text: &str| text.parse::<Credits>().unwrap();
        let reading = Reading {
            subject: "acme".to_owned(),
            epoch: Time::from_micros(0),
            level,
            mark: if level > 1 {
                Mark::percent(level)
            } else {
                Mark::credits(of(threshold))
            },
            observed: of(observed),
            limit: of(limit),
            at: None,
        };
        let sentence = Sentence {
            kind,
            reading: &reading,
            mark: reading.mark,
            company: "Acme Dental",
            zone: &Zone::utc(),
        };
        [sentence.fired(), sentence.ended(Ending::Recovered)]
    }

    #[rstest]
    #[case("used_percent", 75, ["8750", "10000", "0"], "credits used passed 75%: 8,750 of 10,000, 87.5%")]
    #[case("used_percent", 75, ["7500.4", "10000", "0"], "credits used passed 75%: 7,500 of 10,000, 75%")]
    #[case("company_budget", 100, ["12", "0", "0"], "budget used by Acme Dental passed 100%: 12 of 0")]
    #[case("remaining", 1, ["18.2", "1000", "20"], "20 credits or less remaining: 18 of 1,000")]
    #[case("spike", 1, ["850.3", "309.4", "500"], "usage spike: 850 vs 309 expected")]
    fn a_message_gives_threshold_and_value_apart(
        #[case] kind: &str,
        #[case] level: u32,
        #[case] figures: [&str; 3],
        #[case] expected: &str,
    ) {
        assert_eq!(said(kind, level, figures)[0], expected);
    }

    #[test]
    fn an_all_clear_says_what_is_so_now() {
        assert_eq!(
            said("used_percent", 90, ["85", "100", "0"])[1],
            "credits used fell below 90%: 85 of 100, 85%"
        );
        assert_eq!(
            said("remaining", 1, ["118", "1100", "20"])[1],
            "more than 20 credits remaining again: 118 of 1,100"
        );
    }

    /// Three minutes after midnight of 4 December in UTC: the day before in Niue, the same day in Kiritimati.
    #[rstest]
    #[case("Pacific/Niue", "3 Dec 2026 (Pacific/Niue)")]
    #[case("Pacific/Kiritimati", "4 Dec 2026 (Pacific/Kiritimati)")]
    fn a_day_is_that_of_the_account(#[case] zone: &str, #[case] day: &str) {
        let reading = Reading {
            subject: String::new(),
            epoch: Time::from_micros(0),
            level: 1,
            mark: Mark::ONLY,
            observed: Credits::ZERO,
            limit: "10".parse().unwrap(),
            at: Some("2026-12-04T00:03:00Z".parse().unwrap()),
        };
        let sentence = Sentence {
            kind: "projected_run_out",
            reading: &reading,
            mark: Mark::ONLY,
            company: "",
            zone: &Zone::named(zone).unwrap(),
        };
        let expected =
            format!("credits are projected to run out on {day}, before the billing cycle ends");
        assert_eq!(sentence.fired(), expected);
    }
}
