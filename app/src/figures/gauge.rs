//! The figures of the gauge.

use domain::{
    Credits,
    ledger::{Balance, CreditState, ShownBalance},
    number,
    time::DAY_US,
    usage::{Dashboard, ForecastView, Whose},
};

use super::{Figure, Shown};
use crate::{
    state::{AccountLine, Bar, Piece, calls},
    ui::{Icon, escape, length},
};

/// What becomes of what was not used of a cycle, and when: the name of its figures, what it is called, and when.
pub const ENDED: [(&str, &str, &str); 4] = [
    ("ended expired", "Expired", AT_END),
    ("ended rollover", "Rollover", AT_END),
    ("ended overage", "Overage", AT_END),
    ("ended refunded", "Refunded later", "after the cycle’s end"),
];
const AT_END: &str = "at the cycle’s end";

pub(super) fn figures(
    Shown {
        dashboard,
        forecast,
    }: Shown,
) -> Vec<Figure> {
    let facts = dashboard.facts();
    let measure = dashboard.measure();
    let balance = measure.unwrap_or(Balance::EMPTY);
    let shown = balance.shown();
    let used_shown =
        measure.map_or_else(|| number::short_credits(facts.used), |_| shown.used.clone());
    let ahead = forecast.filter(|_| dashboard.looks_ahead());
    let label = facts.label();
    let badge = label
        .iter()
        .map(|label| icon_of(facts.state()).html() + &escape(label));
    let mut all = vec![
        Figure::new("gauge").with(
            "class",
            Some(["card gauge level-", facts.state().id()].concat()),
        ),
        Figure::html("badge", badge.collect()).only_if(label.is_some()),
        Figure::amount("used", facts.used, &used_shown),
        Figure::text("of", &of(dashboard, measure.map(|_| &shown))),
        outlook(ahead),
        Figure::text("caption", caption(ahead)),
        Figure::new("chart").with("aria-label", Some(describe_cycle(dashboard))),
    ];
    all.extend(bar(dashboard, ahead, measure.is_some()));
    all.extend(legend(
        dashboard,
        ahead,
        (&balance, &shown),
        measure.is_some(),
    ));
    if dashboard.cycle.is_over {
        all.extend(ended(&balance, &shown, measure.is_some()));
    } else {
        all.extend(running(dashboard, (&balance, &shown), measure.is_some()));
    }
    if dashboard.cycle.is_over || dashboard.whose == Whose::Account {
        all.extend(granted(dashboard, (&balance, &shown), measure.is_some()));
    }
    let average = daily_average(dashboard);
    all.push(amount("average", average));
    all.extend(account(dashboard));
    all
}

/// Rounded by itself, not as a part of a whole.
fn amount(name: &str, credits: Credits) -> Figure {
    Figure::amount(name, credits, &number::short_credits(credits))
}

/// The icon of a state.
pub const fn icon_of(state: CreditState) -> Icon {
    match state {
        CreditState::NoUsage | CreditState::Unlimited => Icon::Half,
        CreditState::Used => Icon::Fine,
        CreditState::RunningLow => Icon::Most,
        CreditState::AlmostOut | CreditState::Overage => Icon::Warning,
        CreditState::OutOfCredits
        | CreditState::NoCredits
        | CreditState::BudgetUsed
        | CreditState::Suspended => Icon::Stop,
    }
}

/// `of 75,000 credits`.
fn of(dashboard: &Dashboard, shown: Option<&ShownBalance>) -> String {
    match (shown, &dashboard.whose) {
        (None, _) => "credits".to_owned(),
        (Some(shown), Whose::Account) => ["of ", &number::with_unit(&shown.granted)].concat(),
        (Some(shown), _) => ["of its budget of ", &number::with_unit(&shown.granted)].concat(),
    }
}

fn caption(ahead: Option<&ForecastView>) -> &'static str {
    if ahead.is_some_and(ForecastView::projects) {
        "Cumulative use and projection"
    } else {
        "Cumulative use"
    }
}

fn describe_cycle(dashboard: &Dashboard) -> String {
    let used = number::with_unit(&number::whole_credits(dashboard.used()));
    format!(
        "Cumulative use by day: {used} used by day {} of {}",
        dashboard.cycle.day, dashboard.cycle.days
    )
}

/// When credits will run out, in a sentence; nothing where nothing limits the use.
fn outlook(ahead: Option<&ForecastView>) -> Figure {
    let Some(forecast) = ahead.filter(|ahead| !ahead.headline.is_empty()) else {
        return Figure::html("outlook", String::new())
            .with("class", Some("outlook".to_owned()))
            .only_if(false);
    };
    let (class, icon) = match forecast {
        ForecastView {
            cycle_use: None, ..
        } => ("outlook unknown", Icon::Half),
        ForecastView { runs_out: true, .. } => ("outlook runs-out", Icon::Warning),
        ForecastView { .. } => ("outlook lasts", Icon::Fine),
    };
    let detail = escape(&forecast.detail);
    let detail = if detail.is_empty() {
        detail
    } else {
        ["<span class=\"outlook-detail\">", &detail, "</span>"].concat()
    };
    let headline = escape(&forecast.headline);
    let inner = [&icon.html(), "<b>", &headline, "</b>", &detail].concat();
    Figure::html("outlook", inner)
        .with("class", Some(class.to_owned()))
        .only_if(true)
}

/// Used, reserved by active calls, projected to the cycle's end, overage; what is left is the empty part.
fn bar(dashboard: &Dashboard, ahead: Option<&ForecastView>, is_limited: bool) -> Vec<Figure> {
    let bar = Bar::of(dashboard, ahead);
    let percent = |share: f64| Some(length(share) + "%");
    let piece = |name: &str, Piece { start, width }: Piece| {
        Figure::new(name)
            .with("x", percent(start))
            .with("width", percent(width))
    };
    vec![
        Figure::new("bar")
            .with("aria-label", Some(describe(dashboard)))
            .only_if(is_limited),
        piece("bar used", bar.used),
        piece("bar possible", bar.possible),
        piece("bar projected", bar.projected),
        piece("bar overage", bar.overage),
        piece("bar expired", bar.expired),
        piece("bar held", bar.held),
    ]
}

/// The bar for those who do not see it.
fn describe(dashboard: &Dashboard) -> String {
    let balance = dashboard.measure().unwrap_or(Balance::EMPTY);
    let shown = balance.shown();
    let mut text = format!(
        "{} of {} used, {} reserved by active calls",
        shown.used,
        number::with_unit(&shown.granted),
        number::whole_credits(dashboard.books.reserved)
    );
    if !balance.overage.is_zero() {
        text.push_str(", ");
        text.push_str(&shown.overage);
        text.push_str(" overage");
    }
    text
}

fn legend(
    dashboard: &Dashboard,
    ahead: Option<&ForecastView>,
    (balance, shown): (&Balance, &ShownBalance),
    is_limited: bool,
) -> Vec<Figure> {
    let projected = ahead.and_then(projected);
    let mut all = vec![
        Figure::new("legend").only_if(is_limited),
        Figure::amount("key used", dashboard.used(), &shown.used),
        Figure::new("projected line").only_if(projected.is_some()),
        Figure::text("projected", projected.as_deref().unwrap_or_default()),
        Figure::new("overage line").only_if(!balance.overage.is_zero()),
        Figure::amount("overage", balance.overage, &shown.overage),
        Figure::new("expired line").only_if(!balance.expired.is_zero()),
        Figure::amount("expired", balance.expired, &shown.expired),
    ];
    if !dashboard.cycle.is_over {
        all.push(Figure::text("reserved by", &reserved_by(dashboard)));
        all.push(amount("key reserved", dashboard.books.reserved));
    }
    all
}

/// Who holds what is reserved.
fn reserved_by(dashboard: &Dashboard) -> String {
    match dashboard.books.holds.len() {
        0 => "Reserved".to_owned(),
        active => ["Reserved by ", &calls(active)].concat(),
    }
}

/// What the cycle will have used, from little to much: `≈ 640 (610 – 680)`.
fn projected(forecast: &ForecastView) -> Option<String> {
    let [little, middle, much] = forecast.cycle_use?.map(number::whole_credits);
    Some(["≈ ", &middle, " (", &little, " – ", &much, ")"].concat())
}

/// What is left of a cycle that runs.
fn running(
    dashboard: &Dashboard,
    (balance, shown): (&Balance, &ShownBalance),
    is_limited: bool,
) -> Vec<Figure> {
    let reserved = dashboard.books.reserved;
    vec![
        Figure::new("limited").only_if(is_limited),
        Figure::amount("remaining", balance.remaining, &shown.remaining),
        Figure::text("reserved note", &reserved_note(reserved)),
        Figure::new("unlimited").only_if(!is_limited),
        amount("reserved", reserved),
    ]
}

/// What of the remaining credits is reserved: `86 reserved`.
fn reserved_note(reserved: Credits) -> String {
    if reserved.is_zero() {
        return "none reserved".to_owned();
    }
    [&number::whole_credits(reserved), " reserved"].concat()
}

/// What a cycle came to: what became of what was not used.
fn ended(balance: &Balance, shown: &ShownBalance, is_limited: bool) -> Vec<Figure> {
    let parts = [
        (balance.expired, &shown.expired),
        (balance.remaining, &shown.remaining),
        (balance.overage, &shown.overage),
        (balance.refunded, &shown.refunded),
    ];
    let figures = ENDED.iter().zip(parts);
    figures
        .flat_map(|((name, ..), (credits, shown))| {
            [
                Figure::new(&[*name, " line"].concat()).only_if(is_limited && !credits.is_zero()),
                Figure::amount(name, credits, shown),
            ]
        })
        .collect()
}

/// What was granted. The plan comes first, what was added or taken off is a term of its own.
fn granted(
    dashboard: &Dashboard,
    (balance, shown): (&Balance, &ShownBalance),
    is_limited: bool,
) -> Vec<Figure> {
    let added = balance.added;
    let (sign, note) = match added {
        added if added.is_zero() => ("+ ", " plan"),
        added if added.is_negative() => ("\u{2212} ", " plan \u{2212} adjustments"),
        _ => ("+ ", " plan + add-ons"),
    };
    let term = [sign, shown.added.trim_start_matches('\u{2212}')].concat();
    vec![
        Figure::new("granted line").only_if(is_limited),
        Figure::amount("granted", balance.of_plan(), &shown.of_plan),
        Figure::text("added", &term).only_if(!added.is_zero()),
        Figure::text(
            "granted note",
            &[dashboard.account.plan.as_str(), note].concat(),
        ),
    ]
}

/// What stays the account's while companies are looked at.
fn account(dashboard: &Dashboard) -> Vec<Figure> {
    if dashboard.whose == Whose::Account {
        return vec![];
    }
    let line = AccountLine::of(dashboard);
    let (remaining, shown, rest) = line.as_ref().map_or_else(Default::default, |line| {
        (line.remaining, line.shown.as_str(), line.rest.as_str())
    });
    vec![
        Figure::new("account").only_if(line.is_some()),
        Figure::amount("account remaining", remaining, shown),
        Figure::text("account rest", rest),
    ]
}

/// Credits a day over the time that has passed of the cycle, at least a day of it.
fn daily_average(dashboard: &Dashboard) -> Credits {
    let cycle = dashboard.cycle.range;
    let passed_us = dashboard.now.min(cycle.end).micros_since(cycle.start);
    let used = i128::from(dashboard.used().micro()) * i128::from(DAY_US);
    Credits::from_wide(used / i128::from(passed_us.max(DAY_US))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::fixture;

    #[test]
    fn the_daily_average_is_over_the_time_that_has_passed() {
        let average = |hours: i64, used: i64| {
            let mut dashboard = fixture::dashboard();
            let start = dashboard.cycle.range.start;
            dashboard.now = start.plus_micros(hours * 3_600_000_000);
            dashboard.books.balance = None;
            dashboard.cycle_used = fixture::whole(used);
            daily_average(&dashboard)
        };
        assert_eq!(average(60, 500), fixture::whole(200));
        // Less than a day tells nothing of a day yet.
        assert_eq!(average(2, 50), fixture::whole(50));
    }
}
