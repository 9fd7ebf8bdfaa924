//! Tips as the page tells them.

use {
    crate::{
        ADVICE_PATH, COMPANIES_PATH, USAGE_PATH, VALUE_PATH,
        pages::settings::{hours_of, week_address},
    },
    domain::{Credits, Time, TimeRange, calendar::Zone, number, usage::Totals},
    service::{
        forecast::BudgetEnd,
        spikes::FoundSpike,
        tips::{CheaperPlan, Tip, Tips},
    },
};

/// Something worth knowing, and where it is shown how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TipLine {
    /// Whether something is probably wrong.
    pub is_warning: bool,
    /// What it is.
    pub title: String,
    /// What there is to say of it.
    pub text: String,
    /// What the link says.
    pub action: String,
    /// Where it is shown how.
    pub href: String,
}

/// What is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TipsView {
    /// The time of day at which it was worked out, in the account's zone.
    pub as_of: String,
    /// The most urgent first.
    pub lines: Vec<TipLine>,
}

impl TipsView {
    /// Tips of an account in words.
    pub(super) fn new(tips: &Tips, account: &str, may_budget: bool) -> Self {
        let told = Told {
            zone: &tips.zone,
            account,
            may_budget,
        };
        Self {
            as_of: told.at(tips.as_of, "%H:%M"),
            lines: tips.tips.iter().map(|tip| told.line(tip)).collect(),
        }
    }
}

/// To whom tips are told.
struct Told<'a> {
    zone: &'a Zone,
    account: &'a str,
    /// Whether the reader may give companies budgets, and so has a page of them.
    may_budget: bool,
}

impl Told<'_> {
    fn at(&self, time: Time, format: &str) -> String {
        self.zone.at(time).strftime(format).to_string()
    }

    fn line(&self, tip: &Tip) -> TipLine {
        match tip {
            Tip::Spike(week, spike) => self.spike(*week, spike),
            Tip::SpikeOfSome(week, spike) => self.spike_of_some(*week, spike),
            Tip::BudgetsUsed(end, others, cycle) => self.budgets_used(end, *others, *cycle),
            Tip::Budget(end, cycle) => self.budget(end, *cycle),
            Tip::Plan(plan) => self.plan(plan),
            Tip::ShortCalls(short, calls) => self.short_calls(*short, *calls),
        }
    }

    fn href(&self, path: &str, rest: &str) -> String {
        format!("{path}?account={}{rest}", self.account)
    }

    fn spike(&self, week: TimeRange, found: &FoundSpike) -> TipLine {
        let spike = &found.spike;
        let how_much = times(spike.used, spike.expected).map_or_else(
            || "Usage spike".to_owned(),
            |times| format!("Spike: {times}× the expected usage"),
        );
        let cause = found.mostly_from().map(|cause| format!(", {cause}"));
        TipLine {
            is_warning: true,
            title: format!("{how_much} on {}.", hours_of(spike.range, self.zone)),
            text: format!(
                "{} vs {} expected{}.",
                number::whole_credits(spike.used),
                number::whole_credits(spike.expected),
                cause.unwrap_or_default()
            ),
            action: "See why".to_owned(),
            href: week_address(self.account, week.start, self.zone),
        }
    }

    /// Without figures: the review that it leads to is of all companies.
    fn spike_of_some(&self, week: TimeRange, found: &FoundSpike) -> TipLine {
        TipLine {
            is_warning: true,
            title: format!("Usage spike on {}.", hours_of(found.spike.range, self.zone)),
            text: "More than expected. The weekly review shows all companies.".to_owned(),
            action: "See weekly review".to_owned(),
            href: week_address(self.account, week.start, self.zone),
        }
    }

    /// Where a company's budget is shown, and raised by those who may.
    fn of_budget(&self, end: &BudgetEnd) -> (String, String) {
        if self.may_budget {
            return ("See budgets".to_owned(), self.href(COMPANIES_PATH, ""));
        }
        let mut rest = form_urlencoded::Serializer::new(String::new());
        rest.append_pair("company", &end.company.key);
        let rest = format!("&{}", rest.finish());
        ("See its usage".to_owned(), self.href(USAGE_PATH, &rest))
    }

    /// Budgets that are used up: that is so, and not only likely.
    fn budgets_used(&self, end: &BudgetEnd, others: usize, cycle: TimeRange) -> TipLine {
        let (action, href) = self.of_budget(end);
        let name = &end.company.name;
        let title = match others {
            0 => format!("{name} has used up its budget."),
            1 => format!("{name} and 1 other company have used up their budgets."),
            others => format!("{name} and {others} other companies have used up their budgets."),
        };
        TipLine {
            is_warning: true,
            title,
            text: format!(
                "{name} has used {} of {}. Its AI features have stopped until {}.",
                number::whole_credits(end.used),
                number::with_unit(&number::whole_credits(end.budget)),
                self.at(cycle.end, "%-d %b")
            ),
            action,
            href,
        }
    }

    fn budget(&self, end: &BudgetEnd, cycle: TimeRange) -> TipLine {
        let (action, href) = self.of_budget(end);
        TipLine {
            is_warning: false,
            title: format!(
                "{} is projected to use up its budget on {}.",
                end.company.name,
                self.at(end.at, "%-d %b")
            ),
            text: format!(
                "{} of {} are used, and the cycle ends on {}.",
                number::whole_credits(end.used),
                number::with_unit(&number::whole_credits(end.budget)),
                self.at(cycle.end, "%-d %b")
            ),
            action,
            href,
        }
    }

    fn plan(&self, plan: &CheaperPlan) -> TipLine {
        let over = if plan.cycles == 1 {
            "the last cycle".to_owned()
        } else {
            format!("the last {} cycles", plan.cycles)
        };
        TipLine {
            is_warning: false,
            title: format!(
                "{} would have cost {} less than {}.",
                plan.name,
                number::money(i128::from(plan.saved_micro), &plan.currency),
                plan.own
            ),
            text: format!("For what was used in {over}."),
            action: "See the calculation".to_owned(),
            href: self.href(ADVICE_PATH, ""),
        }
    }

    fn short_calls(&self, short: Totals, calls: Totals) -> TipLine {
        TipLine {
            is_warning: false,
            title: format!(
                "{} of the credits for calls went to calls under 10 seconds.",
                number::percent(short.credits, calls.credits)
            ),
            text: format!(
                "{} for {} calls in this cycle.",
                number::with_unit(&number::whole_credits(short.credits)),
                number::count(short.events)
            ),
            action: "See low-value usage".to_owned(),
            href: self.href(VALUE_PATH, "#wasted"),
        }
    }
}

/// How many times what is expected something is, to a tenth; none when that says nothing.
fn times(used: Credits, usual: Credits) -> Option<String> {
    let (used, usual) = (i128::from(used.micro()), i128::from(usual.micro()));
    if usual <= 0 || used / usual >= 100 {
        return None;
    }
    let tenths = (used * 20 + usual) / (usual * 2);
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::usage::CompanyName;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(310, 100, Some("3.1"))]
    #[case(305, 100, Some("3.1"))]
    #[case(304, 100, Some("3.0"))]
    #[case(9_999, 100, Some("100.0"))]
    #[case(10_000, 100, None)]
    #[case(5, 0, None)]
    fn usual_use_is_told_in_tenths(
        #[case] used: i64,
        #[case] usual: i64,
        #[case] told: Option<&str>,
    ) {
        let [used, usual] = [used, usual].map(Credits::from_micro);
        assert_eq!(times(used, usual).as_deref(), told);
    }

    #[test]
    fn tips_are_told_in_the_zone_of_the_account_and_lead_to_what_shows_them() {
        let time = |text: &str| text.parse::<Time>().unwrap();
        let cycle = TimeRange::new(time("2026-10-31T23:00Z"), time("2026-11-30T23:00Z"));
        let (key, name) = ("acme".to_owned(), "Acme Dental".to_owned());
        let company = CompanyName { key, name };
        let at = time("2026-11-27T23:30Z");
        let end = |budget: &str, used: &str| BudgetEnd {
            company: company.clone(),
            budget: budget.parse().unwrap(),
            used: used.parse().unwrap(),
            at,
        };
        let totals = |credits: &str, events| Totals {
            credits: credits.parse().unwrap(),
            events,
        };
        let tips = Tips {
            zone: Zone::named("Europe/Berlin").unwrap(),
            as_of: time("2026-11-23T13:03Z"),
            tips: vec![
                Tip::BudgetsUsed(end("10000", "10583"), 1, cycle),
                Tip::Budget(end("10000", "9000"), cycle),
                Tip::Plan(CheaperPlan {
                    name: "Growth".to_owned(),
                    own: "Starter".to_owned(),
                    saved_micro: 120_500_000,
                    currency: "EUR".to_owned(),
                    cycles: 6,
                }),
                Tip::ShortCalls(totals("1250.5", 1_312), totals("10000", 4_000)),
            ],
        };
        let view = TipsView::new(&tips, "north", true);
        assert_eq!(view.as_of, "14:03");
        let told: Vec<_> = view
            .lines
            .iter()
            .map(|line| format!("{} {} {}", line.title, line.text, line.href))
            .collect();
        assert_eq!(
            told,
            [
                "Acme Dental and 1 other company have used up their budgets. Acme Dental has used 10,583 of 10,000 credits. Its AI features have stopped until 1 Dec. /companies?account=north",
                "Acme Dental is projected to use up its budget on 28 Nov. 9,000 of 10,000 credits are used, and the cycle ends on 1 Dec. /companies?account=north",
                "Growth would have cost €120.50 less than Starter. For what was used in the last 6 cycles. /billing/advice?account=north",
                "13% of the credits for calls went to calls under 10 seconds. 1,251 credits for 1,312 calls in this cycle. /billing/value?account=north#wasted",
            ]
        );
        let client = TipsView::new(&tips, "north", false);
        assert_eq!(
            client.lines[0].href,
            "/billing/usage?account=north&company=acme"
        );
    }
}
