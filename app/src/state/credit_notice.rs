//! What the page says about credits that run out: how serious it is, in words, and what helps.

#[cfg(feature = "ssr")]
use domain::ledger::CreditFacts;
use domain::{
    ledger::{Balance, CreditState, OveragePolicy},
    number,
    usage::{CycleView, Dashboard, Whose},
};

use crate::{
    functions::{Ability, Reader},
    ui::Tone,
};

/// What helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Buying credits, or raising a budget, which the reader may do.
    Buy,
    /// Asking someone who may.
    Ask,
    /// Nothing the reader's side could do.
    None,
}

impl Remedy {
    /// What helps someone: platform staff who only look on have nobody to ask.
    pub fn for_reader(reader: &Reader) -> Self {
        match (reader.can(Ability::Bill), reader.is_staff) {
            (true, _) => Self::Buy,
            (false, true) => Self::None,
            (false, false) => Self::Ask,
        }
    }
}

/// What is said. It is read out when it changes, so it holds no figure that changes with every event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditNotice {
    /// How serious it is.
    pub tone: Tone,
    /// The bold beginning.
    pub title: String,
    /// The explanation.
    pub text: String,
    /// What helps.
    pub remedy: Remedy,
    /// Whether a company's budget is what it is about, and not the account's credits.
    pub is_of_budget: bool,
}

impl CreditNotice {
    /// What there is to say of the running cycle, if anything: of the account, or of the companies looked at.
    pub fn of(dashboard: &Dashboard, helps: Remedy) -> Option<Self> {
        let facts = dashboard.running_facts();
        let state = facts.state();
        let renewal = renewal(&dashboard.cycle);
        let of_company = match (&dashboard.whose, dashboard.books.budget) {
            (Whose::Company(company), Some(_)) => {
                budget_words(&company.name, state, &dashboard.cycle)
            }
            _ => None,
        };
        let is_of_budget = of_company.is_some();
        let (tone, title, text) = of_company.or_else(|| match facts.balance {
            Some(balance) if facts.is_account => account_words(state, balance, &renewal),
            _ => stop_words(state, &renewal),
        })?;
        Some(Self {
            tone,
            title,
            text,
            remedy: if state == CreditState::Suspended {
                Remedy::None
            } else {
                helps
            },
            is_of_budget,
        })
    }
}

impl CreditNotice {
    /// What there is to say of a whole account beside any page, if it is serious.
    #[cfg(feature = "ssr")]
    pub fn beside_pages(facts: CreditFacts, helps: Remedy) -> Option<Self> {
        let state = facts.state();
        let (tone, title, text) = match facts.balance {
            Some(balance) => account_words(state, balance, ""),
            None => stop_words(state, ""),
        }
        .filter(|(tone, ..)| *tone != Tone::Calm)?;
        Some(Self {
            tone,
            title,
            text: text.trim_end().to_owned(),
            remedy: helps,
            is_of_budget: false,
        })
    }
}

const STOPPED: &str = "AI features have stopped.";

/// How serious something is, what it is, and what there is to say of it.
type Words = (Tone, String, String);

/// What stops everybody, said to those who look at companies.
fn stop_words(state: CreditState, renewal: &str) -> Option<Words> {
    match state {
        CreditState::Suspended => Some((
            Tone::Danger,
            "This account is suspended.".to_owned(),
            "AI features have stopped until the platform’s operator resumes the account. Credits stay as they are.".to_owned(),
        )),
        CreditState::OutOfCredits | CreditState::NoCredits => Some((
            Tone::Danger,
            STOPPED.to_owned(),
            format!("The account has no credits left. {renewal}"),
        )),
        _ => None,
    }
}

/// What is said of a whole account.
fn account_words(state: CreditState, balance: Balance, renewal: &str) -> Option<Words> {
    let said = |tone, title: &str, text| Some((tone, title.to_owned(), text));
    match state {
        CreditState::RunningLow => said(
            Tone::Calm,
            "Running low on credits.",
            format!("At least 75% of this cycle’s credits are used. {renewal}"),
        ),
        CreditState::AlmostOut => said(
            Tone::Warning,
            "Almost out of credits.",
            format!("{} {renewal}", at_zero(balance.policy)),
        ),
        CreditState::Overage => said(
            Tone::Warning,
            "All credits of this cycle are used.",
            format!("{} {renewal}", past_zero(balance.policy)),
        ),
        CreditState::NoCredits => said(
            Tone::Danger,
            "This account has no credits yet.",
            format!("AI features start as soon as credits are added. {renewal}"),
        ),
        CreditState::OutOfCredits => said(Tone::Danger, STOPPED, stopped(balance, renewal)),
        _ => stop_words(state, renewal),
    }
}

/// What is said of a company with a budget; none when what there is to say is not about its budget.
fn budget_words(name: &str, state: CreditState, cycle: &CycleView) -> Option<Words> {
    let until = &cycle.resets_on;
    match state {
        CreditState::RunningLow => Some((
            Tone::Calm,
            format!("{name} is running low on its budget."),
            format!("At least 75% of it is used. A new cycle starts on {until}."),
        )),
        CreditState::AlmostOut => Some((
            Tone::Warning,
            format!("{name} has almost used up its budget."),
            format!("At 100% its AI features stop until {until}."),
        )),
        CreditState::BudgetUsed => Some((
            Tone::Danger,
            format!("{name} has used up its budget."),
            format!("Its AI features have stopped until {until}, or until the budget is raised."),
        )),
        _ => None,
    }
}

fn renewal(cycle: &CycleView) -> String {
    format!(
        "New credits arrive on {}, {}.",
        cycle.resets_on, cycle.resets_in
    )
}

const fn at_zero(policy: OveragePolicy) -> &'static str {
    match policy {
        OveragePolicy::HardStop => "AI features stop when no credits remain.",
        OveragePolicy::Grace { .. } => "When no credits remain, AI features go on for a while.",
        OveragePolicy::Overage => "When no credits remain, AI features go on and count as overage.",
    }
}

fn past_zero(policy: OveragePolicy) -> String {
    match policy {
        OveragePolicy::Grace { percent } => {
            format!("AI features go on until overage reaches {percent}% of what was granted.")
        }
        OveragePolicy::HardStop | OveragePolicy::Overage => {
            "AI features go on, and what they use counts as overage.".to_owned()
        }
    }
}

fn stopped(balance: Balance, renewal: &str) -> String {
    let used = if balance.allocation.micro() > 0 {
        "All credits of this cycle are used."
    } else {
        "This cycle has no credits."
    };
    if balance.overage.is_zero() {
        return format!("{used} {renewal}");
    }
    let over = number::with_unit(&balance.shown().overage);
    format!("{used} Overage: {over}. {renewal}")
}

#[cfg(test)]
mod tests {
    use domain::{Credits, ledger::Balance};
    use rstest::rstest;

    use super::*;
    use crate::state::fixture::{self, balance, whole};

    fn account(used: i64, policy: OveragePolicy) -> Dashboard {
        let mut dashboard = fixture::dashboard();
        let balance = Balance {
            policy,
            ..balance(used, 100)
        };
        dashboard.books.balance = Some(balance);
        dashboard.books.is_stopped = balance.is_stopped();
        dashboard.cycle_used = whole(used);
        dashboard
    }

    /// An account that is nearly out, looked at through one of its companies.
    fn company(used: i64, budget: Option<i64>) -> Dashboard {
        let mut dashboard = account(95, OveragePolicy::HardStop);
        dashboard.whose = Whose::Company(fixture::company());
        dashboard.books.budget = budget.map(|budget| balance(used, budget));
        dashboard.cycle_used = whole(used);
        dashboard
    }

    #[rstest]
    #[case(0, OveragePolicy::HardStop, None)]
    #[case(74, OveragePolicy::HardStop, None)]
    #[case(75, OveragePolicy::HardStop, Some(Tone::Calm))]
    #[case(90, OveragePolicy::HardStop, Some(Tone::Warning))]
    #[case(100, OveragePolicy::HardStop, Some(Tone::Danger))]
    #[case(100, OveragePolicy::Overage, Some(Tone::Warning))]
    #[case(110, OveragePolicy::Grace { percent: 10 }, Some(Tone::Danger))]
    fn it_grows_more_serious(
        #[case] used: i64,
        #[case] policy: OveragePolicy,
        #[case] tone: Option<Tone>,
    ) {
        let said = CreditNotice::of(&account(used, policy), Remedy::Buy);
        assert_eq!(said.map(|said| said.tone), tone);
    }

    #[test]
    fn only_who_may_buy_is_sent_to_buy() {
        let reader = |may_bill, is_staff| Reader {
            open_alerts: 0,
            pending: vec![],
            name: String::new(),
            email: String::new(),
            is_staff,
            can: if may_bill {
                vec![Ability::Bill]
            } else {
                vec![]
            },
            is_agency: false,
            is_portal: false,
            brand: None,
            credits: None,
            accounts: vec![],
        };
        let remedy = |may_bill, is_staff| Remedy::for_reader(&reader(may_bill, is_staff));
        assert_eq!(remedy(true, false), Remedy::Buy);
        assert_eq!(remedy(true, true), Remedy::Buy);
        assert_eq!(remedy(false, false), Remedy::Ask);
        assert_eq!(remedy(false, true), Remedy::None);
    }

    #[rstest]
    #[case(5, Some(20), None)]
    #[case(15, Some(20), Some("Acme Dental is running low on its budget."))]
    #[case(18, Some(20), Some("Acme Dental has almost used up its budget."))]
    #[case(20, Some(20), Some("Acme Dental has used up its budget."))]
    #[case(31, Some(20), Some("Acme Dental has used up its budget."))]
    #[case(31, None, None)]
    fn a_notice_tells_of_the_company_looked_at_and_not_of_its_account(
        #[case] used: i64,
        #[case] budget: Option<i64>,
        #[case] title: Option<&str>,
    ) {
        let dashboard = company(used, budget);
        let said = CreditNotice::of(&dashboard, Remedy::Buy);
        assert_eq!(said.as_ref().map(|said| said.title.as_str()), title);
        assert!(said.is_none_or(|said| said.is_of_budget));
    }

    #[test]
    fn who_sees_no_balance_learns_that_it_stopped_and_no_figure() {
        let mut narrow = company(31, None);
        narrow.books.balance = None;
        assert_eq!(CreditNotice::of(&narrow, Remedy::Ask), None);
        narrow.books.is_stopped = true;
        let said = CreditNotice::of(&narrow, Remedy::Ask).unwrap();
        assert_eq!(said.title, STOPPED);
        let about_credits = said.text.replace("1 December 2026, in 7 days", "");
        assert!(
            !about_credits.contains(|letter: char| letter.is_ascii_digit()),
            "{}",
            said.text
        );
    }

    #[test]
    fn suspension_comes_before_everything_and_cannot_be_bought_off() {
        for mut dashboard in [account(100, OveragePolicy::HardStop), company(20, Some(20))] {
            dashboard.books.is_suspended = true;
            let said = CreditNotice::of(&dashboard, Remedy::Buy).unwrap();
            assert_eq!((said.tone, said.remedy), (Tone::Danger, Remedy::None));
            assert_eq!(said.title, "This account is suspended.");
        }
    }

    #[test]
    fn notices_are_of_the_running_cycle_whichever_is_looked_at() {
        let mut last = account(95, OveragePolicy::HardStop);
        last.cycle.is_over = true;
        last.books.ended = Some(balance(3, 100));
        let said = CreditNotice::of(&last, Remedy::Buy).unwrap();
        assert_eq!(said.title, "Almost out of credits.");
        assert_eq!(last.facts().label().as_deref(), Some("3% used"));
        assert!(!last.looks_ahead());
    }

    #[test]
    fn overage_is_told_in_whole_credits() {
        let mut dashboard = account(100, OveragePolicy::HardStop);
        let over = Credits::from_micro(500_000);
        dashboard.books.balance = Some(Balance {
            used: whole(100).saturating_add(over),
            overage: over,
            ..balance(100, 100)
        });
        let said = CreditNotice::of(&dashboard, Remedy::Buy).unwrap();
        assert!(said.text.contains("Overage: 1 credit."), "{}", said.text);
    }
}
