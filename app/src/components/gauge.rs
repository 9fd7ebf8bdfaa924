//! How much is left: the first question of the page.

use domain::{
    ledger::CreditFacts,
    usage::{Dashboard, Whose},
};
use leptos::prelude::*;

use super::Said;
use crate::{
    figures::{ENDED, icon_of},
    state::Url,
};

/// The name of the cycle's chart among the marked parts of its page: the server draws it again.
pub const CYCLE_MARK: &str = "chart cycle";

/// What was granted, used and remains of one cycle, of the account or of the companies looked at.
pub struct Gauge<'a> {
    /// What is shown.
    pub dashboard: &'a Dashboard,
    /// What its figures say.
    pub said: &'a Said,
    /// The drawing of the cycle.
    pub chart: &'a str,
    /// The view.
    pub url: &'a Url,
}

impl Gauge<'_> {
    /// The gauge, with what stands across its foot.
    pub fn view(&self, foot: AnyView) -> AnyView {
        let said = self.said;
        let class = said.attribute("gauge", "class");
        let describes = said.attribute("chart", "aria-label");
        let note = self.url.0.selects_events().then(|| {
            view! { <p class="gauge-note" data-testid="gauge-note">"All agents and activities"</p> }
        });
        view! {
            <section class=class data-figure="gauge" aria-label="Billing cycle">
                <div class="gauge-main">
                    <div class="gauge-title">
                        <h2 data-testid="gauge-title">{title(self.dashboard)}</h2>
                        {said.element("span", "class=\"level\" data-testid=\"level\"", "badge")}
                    </div>
                    <p class="gauge-figure" data-testid="cycle-used">
                        {said.amount("used")}
                        {said.element("span", "class=\"gauge-of\"", "of")}
                    </p>
                    {note}
                    {self.bar()}
                    {self.legend()}
                    {said.element("p", "data-testid=\"outlook\"", "outlook")}
                    {self.facts()}
                    {self.account()}
                </div>
                <figure class="gauge-chart">
                    {said.element("figcaption", "", "caption")}
                    <div class="chart-frame" role="img" data-figure="chart" aria-label=describes>
                        <div data-live=CYCLE_MARK inner_html=self.chart.to_owned()></div>
                    </div>
                </figure>
                {foot}
            </section>
        }
        .into_any()
    }

    /// Used, reserved by active calls, projected to the cycle's end, overage; what is left is the empty part.
    fn bar(&self) -> AnyView {
        let said = self.said;
        let label = said.attribute("bar", "aria-label");
        let piece = |class: &'static str| {
            let name = ["bar ", class].concat();
            let (x, width) = (said.attribute(&name, "x"), said.attribute(&name, "width"));
            let fill = (class == "held").then_some("url(#hatch)");
            view! { <rect class=class data-figure=name fill=fill height="100%" x=x width=width></rect> }
        };
        let pieces = [
            "used",
            "possible",
            "projected",
            "overage",
            "expired",
            "held",
        ]
        .map(piece);
        let hidden = said.attribute("bar", "hidden");
        // Without a view box the pattern keeps its shape at every width.
        view! {
            <svg class="gauge-bar" role="img" data-figure="bar" aria-label=label hidden=hidden>
                <defs>
                    <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                        <rect class="hatch-ground" width="6" height="6"></rect>
                        <rect class="hatch-line" width="3" height="6"></rect>
                    </pattern>
                </defs>
                <rect class="track" width="100%" height="100%"></rect>
                {pieces.into_iter().collect_view()}
            </svg>
        }
        .into_any()
    }

    fn legend(&self) -> AnyView {
        let said = self.said;
        let is_hidden = |name: &str| said.is_hidden(name);
        // Always there while calls may be active, so that one that begins or ends moves nothing.
        let reserved = (!self.dashboard.cycle.is_over).then(|| {
            view! { <li data-testid="held"><span class="key held"></span>{said.text("reserved by")}" "<b>{said.amount("key reserved")}</b></li> }
        });
        view! {
            <ul class="legend" data-figure="legend" hidden=is_hidden("legend")>
                <li><span class="key used"></span>"Used "<b>{said.amount("key used")}</b></li>
                {reserved}
                <li data-testid="projected" data-figure="projected line" hidden=is_hidden("projected line")><span class="key projected"></span>"Projected "{said.element("b", "", "projected")}</li>
                <li data-testid="overage" data-figure="overage line" hidden=is_hidden("overage line")><span class="key overage"></span>"Overage "<b>{said.amount("overage")}</b></li>
                <li data-testid="expired" data-figure="expired line" hidden=is_hidden("expired line")><span class="key expired"></span>"Expired "<b>{said.amount("expired")}</b></li>
            </ul>
        }
        .into_any()
    }

    /// Remaining, granted, reset and the daily average; of a cycle that is over, what became of it.
    fn facts(&self) -> AnyView {
        let (said, cycle) = (self.said, &self.dashboard.cycle);
        let (of_cycle, end, when, note) = if cycle.is_over {
            ("last cycle", "Ended", &cycle.ended_on, "final figures")
        } else {
            (
                "this cycle",
                "Resets",
                &cycle.resets_in,
                cycle.resets_on.as_str(),
            )
        };
        let own = if cycle.is_over {
            view! { {self.granted()}{self.ended()} }.into_any()
        } else {
            let is_account = self.dashboard.whose == Whose::Account;
            let granted = is_account.then(|| self.granted());
            view! {
                <div data-figure="limited" hidden=said.is_hidden("limited")>
                    <dt>"Remaining"</dt><dd data-testid="remaining">{said.amount("remaining")}</dd>
                    {said.element("dd", "class=\"fact-note\"", "reserved note")}
                </div>
                {granted}
                <div data-figure="unlimited" hidden=said.is_hidden("unlimited")>
                    <dt>"Reserved"</dt><dd data-testid="reserved">{said.amount("reserved")}</dd><dd class="fact-note">"by active calls"</dd>
                </div>
            }
            .into_any()
        };
        view! {
            <dl class="facts">
                {own}
                <div><dt>{end}</dt><dd>{when.clone()}</dd><dd class="fact-note">{note.to_owned()}</dd></div>
                <div><dt>"Daily average"</dt><dd data-testid="daily-average">{said.amount("average")}</dd><dd class="fact-note">{of_cycle}</dd></div>
            </dl>
        }
        .into_any()
    }

    /// What was granted. The plan comes first, what was added or taken off is a term of its own.
    fn granted(&self) -> AnyView {
        let said = self.said;
        view! {
            <div data-figure="granted line" hidden=said.is_hidden("granted line")>
                <dt>"Granted"</dt>
                <dd data-testid="allocation"><span class="term">{said.amount("granted")}</span>" "{said.element("span", "class=\"term\"", "added")}</dd>
                {said.element("dd", "class=\"fact-note\"", "granted note")}
            </div>
        }
        .into_any()
    }

    /// What became of what was not used.
    fn ended(&self) -> AnyView {
        let said = self.said;
        let part = |(name, words, note): (&str, &'static str, &'static str)| {
            let line = [name, " line"].concat();
            let is_hidden = said.is_hidden(&line);
            view! { <div data-figure=line hidden=is_hidden><dt>{words}</dt><dd>{said.amount(name)}</dd><dd class="fact-note">{note}</dd></div> }
        };
        ENDED.map(part).into_iter().collect_view().into_any()
    }

    /// What stays the account's while companies are looked at.
    fn account(&self) -> Option<AnyView> {
        let said = self.said;
        let is_there = self.dashboard.whose != Whose::Account;
        is_there.then(|| {
            view! {
                <p class="gauge-account" data-testid="account-line" data-figure="account" hidden=said.is_hidden("account")>"Account: "{said.amount("account remaining")}{said.text("account rest")}</p>
            }
            .into_any()
        })
    }
}

/// `Used this cycle by Acme Dental`.
fn title(dashboard: &Dashboard) -> String {
    let when = if dashboard.cycle.is_over {
        "last cycle"
    } else {
        "this cycle"
    };
    match &dashboard.whose {
        Whose::Account => format!("Used {when}"),
        Whose::Company(company) => format!("Used {when} by {}", company.name),
        Whose::Companies(1) => format!("Used {when} by 1 company"),
        Whose::Companies(several) => format!("Used {when} by {several} companies"),
    }
}

/// How credits stand, in colour, icon and words.
#[component]
pub fn StateBadge(
    /// What it follows from.
    facts: CreditFacts,
) -> impl IntoView {
    let icon = icon_of(facts.state());
    facts
        .label()
        .map(|label| view! { <span class="level" data-testid="level">{icon.view()}{label}</span> })
}
