//! What the page says about credits that run out: how serious it is, in words, and what helps.

use domain::{
    ledger::{Balance, Level, OveragePolicy},
    number,
    usage::Dashboard,
};

use crate::ui::Tone;

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
    pub fn of(dashboard: &Dashboard, may_bill: bool) -> Option<Self> {
        let helps = if may_bill { Remedy::Buy } else { Remedy::Ask };
        let books = &dashboard.books;
        if books.is_suspended {
            return Some(Self {
                tone: Tone::Danger,
                title: "This account is suspended.",
                text: "AI features have stopped until the operator of the platform lets them go on. Credits stay as they are.".to_owned(),
                remedy: Remedy::None,
            });
        }
        let renewal = renewal(dashboard);
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

fn renewal(dashboard: &Dashboard) -> String {
    let cycle = &dashboard.cycle;
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
