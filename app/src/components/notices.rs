//! What a reader should know before the figures: one line each, the most severe first, which opens in place.

use domain::usage::Dashboard;
use leptos::prelude::*;

use crate::{
    COMPANIES_PATH, PLANS_PATH,
    functions::{EventAsked, TipLine},
    state::{CreditNotice, PageState, Remedy, Url},
    ui::{Icon, Tone},
};

/// Something that can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Deed {
    label: String,
    href: String,
    is_primary: bool,
}

impl Deed {
    fn new(label: &str, href: String, is_primary: bool) -> Self {
        Self {
            label: label.to_owned(),
            href,
            is_primary,
        }
    }
}

/// One line: a title, one fact, and what opens.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    tone: Tone,
    title: String,
    text: String,
    /// What the line says it opens.
    opens: String,
    /// What somebody else has to do.
    advice: Option<&'static str>,
    deeds: Vec<Deed>,
}

impl Line {
    /// What stands in the line itself: the first sentence.
    fn fact(&self) -> String {
        let end = self.text.find(". ").map_or(self.text.len(), |end| end + 1);
        self.text[..end].to_owned()
    }

    fn of_credits(dashboard: &Dashboard, helps: Remedy, url: &Url) -> Option<Self> {
        let notice = CreditNotice::of(dashboard, helps)?;
        let plans = || url.beside(PLANS_PATH);
        let (advice, deeds) = match (notice.remedy, notice.is_of_budget) {
            (Remedy::Buy, true) => {
                let budgets = url.beside(COMPANIES_PATH);
                (None, vec![Deed::new("Set budget", budgets, true)])
            }
            (Remedy::Buy, false) => {
                let buy = Deed::new("Buy a pack", plans(), true);
                (None, vec![buy, Deed::new("Compare plans", plans(), false)])
            }
            (Remedy::Ask, true) => (Some("Ask your admin to raise the budget"), vec![]),
            (Remedy::Ask, false) => (Some("Ask your admin to buy a pack"), vec![]),
            (Remedy::None, _) => (None, vec![]),
        };
        Some(Self {
            tone: notice.tone,
            title: notice.title,
            text: notice.text,
            opens: if deeds.is_empty() {
                "See more"
            } else {
                "See options"
            }
            .to_owned(),
            advice,
            deeds,
        })
    }

    fn of_tip(tip: &TipLine) -> Self {
        Self {
            tone: Tone::Warning,
            title: tip.title.clone(),
            text: tip.text.clone(),
            opens: "See more".to_owned(),
            advice: None,
            deeds: vec![Deed::new(&tip.action, tip.href.clone(), false)],
        }
    }

    /// Why the event that a link leads to is not shown.
    fn of_event(asked: &EventAsked) -> Option<Self> {
        let line = |title: &str, text: &str, deeds| Self {
            tone: Tone::Calm,
            title: title.to_owned(),
            text: text.to_owned(),
            opens: "See options".to_owned(),
            advice: None,
            deeds,
        };
        match asked {
            EventAsked::None | EventAsked::Open(_) => None,
            EventAsked::Missing => Some(line(
                "The linked event was not found.",
                "It was never recorded here, or you do not have access to its company. Check the link, or ask whoever sent it.",
                vec![],
            )),
            EventAsked::Elsewhere(href) => Some(line(
                "The linked event is outside this view.",
                "Its event time is in another period, or a filter hides it.",
                vec![Deed::new("Show the event", href.clone(), true)],
            )),
        }
    }
}

const fn severity(tone: Tone) -> u8 {
    match tone {
        Tone::Danger => 0,
        Tone::Warning => 1,
        Tone::Calm => 2,
    }
}

/// The lines; nothing when there is nothing to say.
#[component]
pub fn Notices(
    /// The page.
    state: PageState,
    /// The view.
    url: Memo<Url>,
) -> impl IntoView {
    let lines = Memo::new(move |_| {
        let helps = state.helps.get();
        let credits = state
            .dashboard
            .with(|dashboard| url.with(|url| Line::of_credits(dashboard, helps, url)));
        let mut lines: Vec<_> = state.asked.with(Line::of_event).into_iter().collect();
        lines.extend(credits);
        state.tips.with(|tips| {
            let warnings = tips.lines.iter().filter(|tip| tip.is_warning);
            lines.extend(warnings.map(Line::of_tip));
        });
        lines.sort_by_key(|line| severity(line.tone));
        lines
    });
    let titles = move || {
        lines.with(|lines| {
            let titles = lines.iter().map(|line| line.title.clone());
            titles.collect::<Vec<_>>()
        })
    };
    let is_any = Memo::new(move |_| lines.with(|lines| !lines.is_empty()));
    move || {
        is_any.get().then(|| {
            view! {
                <section class="card notices" aria-label="Notices" aria-live="polite">
                    <For each=titles key=Clone::clone children=move |title| view! { <NoticeLine title lines/> }/>
                </section>
            }
        })
    }
}

/// A line, which stays open while what it says changes.
#[component]
fn NoticeLine(title: String, lines: Memo<Vec<Line>>) -> impl IntoView {
    let name = title.clone();
    let line = Memo::new(move |before: Option<&Option<Line>>| {
        let found = lines.with(|lines| lines.iter().find(|line| line.title == name).cloned());
        // What is taken away says what it said for the moment until it is gone.
        found.or_else(|| before.cloned().flatten())
    });
    let of = move |part: fn(&Line) -> String| {
        move || line.with(|line| line.as_ref().map(part).unwrap_or_default())
    };
    let tone = move || line.with(|line| line.as_ref().map_or(Tone::Calm, |line| line.tone));
    let deeds = move || {
        line.with(|line| {
            line.as_ref()
                .map(|line| line.deeds.clone())
                .unwrap_or_default()
        })
    };
    let advice = move || line.with(|line| line.as_ref().and_then(|line| line.advice));
    view! {
        <details class=move || tone().class()>
            <summary>
                {move || if tone() == Tone::Danger { Icon::Stop } else { Icon::Warning }.view()}
                <strong>{title}</strong>" "
                <span class="notice-fact">{of(Line::fact)}</span>
                <span class="notice-opens">{of(|line| line.opens.clone())}{Icon::ChevronDown.view()}</span>
            </summary>
            <div class="notice-more">
                <p>{of(|line| line.text.clone())}</p>
                {move || advice().map(|advice| view! { <p class="notice-advice">{advice}</p> })}
                <p class="notice-action">{move || deeds().into_iter().map(|deed| {
                    let class = if deed.is_primary { "button primary" } else { "button" };
                    view! { <a class=class href=deed.href>{deed.label}</a> }
                }).collect_view()}</p>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_itself_says_one_fact() {
        let line = |text: &str| Line {
            tone: Tone::Calm,
            title: "Running low on credits.".to_owned(),
            text: text.to_owned(),
            opens: String::new(),
            advice: None,
            deeds: vec![],
        };
        assert_eq!(
            line("850 vs 309 expected. More.").fact(),
            "850 vs 309 expected."
        );
        assert_eq!(
            line("1.5 of 2 credits used.").fact(),
            "1.5 of 2 credits used."
        );
        assert_eq!(line("").fact(), "");
    }
}
