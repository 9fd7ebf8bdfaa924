//! The figures of the agents' cards.

use domain::{
    number::{self, Change},
    usage::Dashboard,
};

use super::Figure;
use crate::{
    state::{CardFigures, CardSum},
    ui::{Icon, escape},
};

pub(super) fn figures(dashboard: &Dashboard) -> Vec<Figure> {
    let sum = CardSum::of(dashboard);
    let mut all = vec![
        Figure::amount("sum", sum.current.credits, &sum.shown),
        Figure::text("sum rest", &sum.rest),
    ];
    for card in CardFigures::of(dashboard) {
        let name = |of: &str| [card.agent.id(), " ", of].concat();
        all.push(Figure::text(&name("share"), &card.share));
        all.push(Figure::amount(
            &name("credits"),
            card.current.credits,
            &card.shown,
        ));
        all.push(change(&name("change"), &card, dashboard));
        all.push(Figure::text(
            &name("events"),
            &number::events(card.current.events),
        ));
    }
    all
}

/// The change against the period before: arrow and figure. More use is neither good nor bad, so it has no colour.
fn change(name: &str, card: &CardFigures, dashboard: &Dashboard) -> Figure {
    let (icon, text) = match &card.change {
        Some(Change::Up(percent)) => (Some(Icon::ArrowUp), percent.as_str()),
        Some(Change::Down(percent)) => (Some(Icon::ArrowDown), percent.as_str()),
        Some(Change::Steady) => (Some(Icon::ArrowRight), "0%"),
        Some(Change::New) => (None, "new"),
        Some(Change::None) | None => {
            return Figure::html(name, String::new())
                .with("title", None)
                .only_if(false);
        }
    };
    let before = number::whole_credits(card.previous.credits);
    let then = dashboard.period.compared.words().unwrap_or_default();
    let title = ["vs ", &before, " in ", then].concat();
    let inner = [
        &icon.map(Icon::html).unwrap_or_default(),
        &escape(text),
        "<span class=\"visually-hidden\"> ",
        &escape(&title),
        "</span>",
    ]
    .concat();
    Figure::html(name, inner)
        .with("title", Some(title))
        .only_if(true)
}
