//! What the page says about credits that run out: how serious it is, in words, and what helps.

use domain::{
    ledger::{Balance, BooksView, Level, OveragePolicy},
    number,
    usage::{CycleView, Dashboard},
};

use crate::{
    functions::{Ability, Reader},
    ui::Tone,
};

/// What helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Buying credits, which the reader may do.
    Buy,
    /// Asking someone who may buy credits.
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
    pub title: &'static str,
    /// The explanation.
    pub text: String,
    /// What helps.
    pub remedy: Remedy,
}

impl CreditNotice {
    /// What there is to say, if anything.
    pub fn of(dashboard: &Dashboard, helps: Remedy) -> Option<Self> {
        let cycle = &dashboard.cycle;
        Self::new(&dashboard.books, renewal(cycle), helps)
    }

    fn new(books: &BooksView, renewal: String, helps: Remedy) -> Option<Self> {
        if books.is_suspended {
            return Some(Self {
                tone: Tone::Danger,
                title: "This account is suspended.",
                text: "AI features have stopped until the operator of the platform lets them go on. Credits stay as they are.".to_owned(),
                remedy: Remedy::None,
            });
        }
        let said = |tone, title, text: String| {
            Some(Self {
                tone,
                title,
                text,
                remedy: helps,
            })
        };
        let Some(balance) = books.balance else {
            let text = format!("The account has no credits left. {renewal}");
            return said(Tone::Danger, STOPPED, text).filter(|_| books.is_stopped);
        };
        match balance.level() {
            Level::Fine | Level::Half => None,
            Level::Watch => said(
                Tone::Calm,
                "Three quarters of the credits are used.",
                renewal,
            ),
            Level::NearlyOut => said(
                Tone::Warning,
                "Nearly out of credits.",
                format!("{} {renewal}", at_zero(balance.policy)),
            ),
            Level::Past => said(
                Tone::Warning,
                "All credits of this cycle are used.",
                format!("{} {renewal}", past_zero(balance.policy)),
            ),
            Level::Stopped => said(Tone::Danger, STOPPED, stopped(balance, &renewal)),
        }
    }
}

const STOPPED: &str = "AI features have stopped.";

fn renewal(cycle: &CycleView) -> String {
    format!(
        "New credits come on {}, {}.",
        cycle.resets_on, cycle.resets_in
    )
}

const fn at_zero(policy: OveragePolicy) -> &'static str {
    match policy {
        OveragePolicy::HardStop => "At zero AI features stop.",
        OveragePolicy::Grace { .. } => "Past zero AI features go on for a while.",
        OveragePolicy::Overage => "Past zero AI features go on as overage.",
    }
}

fn past_zero(policy: OveragePolicy) -> String {
    match policy {
        OveragePolicy::Grace { percent } => {
            format!("AI features go on until {percent} % of the allocation is used past it.")
        }
        OveragePolicy::HardStop | OveragePolicy::Overage => {
            "AI features go on as overage.".to_owned()
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
    let over = number::credits(balance.overage);
    format!("{used} {over} credits were used past the allocation. {renewal}")
}

#[cfg(test)]
mod tests {
    use domain::Credits;
    use rstest::rstest;

    use super::*;

    fn books(used: i64, policy: OveragePolicy) -> BooksView {
        let credits = Credits::from_micro;
        let balance = Balance {
            allocation: credits(100),
            used: credits(used),
            remaining: credits((100 - used).max(0)),
            overage: credits((used - 100).max(0)),
            policy,
            ..Balance::EMPTY
        };
        BooksView {
            version: 1,
            billing: 0,
            balance: Some(balance),
            holds: vec![],
            is_stopped: balance.is_stopped(),
            is_suspended: false,
        }
    }

    fn notice(books: &BooksView, helps: Remedy) -> Option<CreditNotice> {
        CreditNotice::new(books, "Later.".to_owned(), helps)
    }

    #[rstest]
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
        let said = notice(&books(used, policy), Remedy::Buy);
        assert_eq!(said.map(|said| said.tone), tone);
    }

    #[test]
    fn only_who_may_buy_is_sent_to_buy() {
        let reader = |may_bill, is_staff| Reader {
            open_alerts: 0,
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
            accounts: vec![],
        };
        let remedy = |may_bill, is_staff| Remedy::for_reader(&reader(may_bill, is_staff));
        assert_eq!(remedy(true, false), Remedy::Buy);
        assert_eq!(remedy(true, true), Remedy::Buy);
        assert_eq!(remedy(false, false), Remedy::Ask);
        assert_eq!(remedy(false, true), Remedy::None);
    }

    #[test]
    fn who_sees_no_balance_learns_that_it_stopped_and_no_figure() {
        let whole = books(107, OveragePolicy::HardStop);
        let narrow = BooksView {
            balance: None,
            ..whole.clone()
        };
        let said = notice(&narrow, Remedy::Ask).unwrap();
        assert_eq!(said.title, STOPPED);
        assert!(
            !said.text.contains(|letter: char| letter.is_ascii_digit()),
            "{}",
            said.text
        );
        let going = BooksView {
            is_stopped: false,
            ..narrow
        };
        assert_eq!(notice(&going, Remedy::Ask), None);
    }

    #[test]
    fn suspension_comes_before_everything_and_cannot_be_bought_off() {
        let suspended = BooksView {
            is_suspended: true,
            ..books(100, OveragePolicy::HardStop)
        };
        let said = notice(&suspended, Remedy::Buy).unwrap();
        assert_eq!((said.tone, said.remedy), (Tone::Danger, Remedy::None));
    }
}
