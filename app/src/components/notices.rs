//! What a reader should know before the figures: one line each, the most severe first, which opens in place.

use domain::usage::Dashboard;
use leptos::prelude::*;

use crate::{
    COMPANIES_PATH, PLANS_PATH,
    functions::{EventAsked, TipLine, TipsView},
    state::{CreditNotice, Remedy, Url},
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

/// What is said of credits, and warnings: a part that lives.
pub struct Notices<'a> {
    /// What is shown.
    pub dashboard: &'a Dashboard,
    /// What is worth knowing.
    pub tips: &'a TipsView,
    /// What helps the reader when credits run out.
    pub helps: Remedy,
    /// The view.
    pub url: &'a Url,
}

impl Notices<'_> {
    /// The lines; nothing within when there is nothing to say.
    pub fn view(&self) -> AnyView {
        let mut lines: Vec<_> = Line::of_credits(self.dashboard, self.helps, self.url)
            .into_iter()
            .collect();
        let warnings = self.tips.lines.iter().filter(|tip| tip.is_warning);
        lines.extend(warnings.map(Line::of_tip));
        lines.sort_by_key(|line| severity(line.tone));
        let lines = (!lines.is_empty()).then(|| card(lines));
        view! { <div class="notices-part" data-live="notices" aria-live="polite">{lines}</div> }
            .into_any()
    }
}

/// Why the event that the address leads to is not shown; nothing when it is, or when it leads to none.
pub fn event_notice(asked: &EventAsked) -> Option<AnyView> {
    Line::of_event(asked).map(|line| card(vec![line]))
}

fn card(lines: Vec<Line>) -> AnyView {
    let lines = lines.into_iter().map(Line::view);
    view! { <section class="card notices" aria-label="Notices">{lines.collect_view()}</section> }
        .into_any()
}

impl Line {
    /// The line, which stays open while what it says changes.
    fn view(self) -> AnyView {
        let icon = if self.tone == Tone::Danger {
            Icon::Stop
        } else {
            Icon::Warning
        };
        let deeds = self.deeds.iter().map(|deed| {
            let class = if deed.is_primary {
                "button primary"
            } else {
                "button"
            };
            view! { <a class=class href=deed.href.clone()>{deed.label.clone()}</a> }
        });
        let deeds = deeds.collect_view();
        let advice = self
            .advice
            .map(|advice| view! { <p class="notice-advice">{advice}</p> });
        view! {
            <details class=self.tone.class() data-keep=self.title.clone()>
                <summary>
                    {icon.view()}
                    <strong>{self.title.clone()}</strong>" "
                    <span class="notice-fact">{self.fact()}</span>
                    <span class="notice-opens">{self.opens}{Icon::ChevronDown.view()}</span>
                </summary>
                <div class="notice-more">
                    <p>{self.text}</p>
                    {advice}
                    <p class="notice-action">{deeds}</p>
                </div>
            </details>
        }
        .into_any()
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
