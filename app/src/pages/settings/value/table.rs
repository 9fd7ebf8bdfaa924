//! What came in by agent and by company.

use domain::{
    lead::{Gain, LeadKind},
    number,
};
use leptos::prelude::*;

use super::{
    ValuePage,
    words::{money, per, rate},
};
use crate::pages::settings::trend_parts::{linked, part};

impl ValuePage {
    pub(super) fn agents(&self) -> impl IntoView + use<> {
        let agents = self.value.agents.iter().map(|(_, gain)| gain);
        let agents = agents.filter(|gain| !gain.is_nothing());
        let rows: Vec<_> = self
            .value
            .agents
            .iter()
            .filter(|(_, gain)| !gain.is_nothing())
            .zip(wholes(agents))
            .map(|((agent, gain), shown)| {
                let class = format!("dot square layer-{}", agent.index());
                let name = view! { <span class=class></span>" "{linked(agent.name(), Some(self.narrow("agent", agent.id())))} };
                row(name.into_any(), gain, shown)
            })
            .collect();
        table("by-agent", "By agent", "Agent", rows, None)
    }

    pub(super) fn companies(&self) -> impl IntoView + use<> {
        let rows: Vec<_> = self
            .value
            .companies
            .iter()
            .zip(wholes(self.value.companies.iter().map(|part| &part.gain)))
            .map(|(part, shown)| {
                let name = linked(&part.name, Some(self.narrow("company", &part.key)));
                row(name, &part.gain, shown)
            })
            .collect();
        let left = self.value.all_companies - self.value.companies.len();
        let more = (left > 0).then(|| {
            format!(
                "The {} with most leads; {left} more have fewer.",
                self.value.companies.len()
            )
        });
        table("by-company", "By company", "Company", rows, more)
    }
}

pub(super) fn head(first: &'static str) -> impl IntoView {
    view! {
        <thead><tr><th scope="col">{first}</th><th scope="col" class="number">"Credits"</th><th scope="col" class="number">"Leads"</th>
            <th scope="col" class="number">"Bookings"</th><th scope="col" class="number">"Sales"</th><th scope="col" class="number">"Credits per lead"</th>
            <th scope="col" class="number">"per booking"</th><th scope="col" class="number">"per sale"</th>
            <th scope="col" class="number">"Value"</th><th scope="col" class="number">"Value per credit"</th></tr></thead>
    }
}

fn table(
    id: &'static str,
    title: &'static str,
    first: &'static str,
    rows: Vec<AnyView>,
    more: Option<String>,
) -> impl IntoView {
    let body = if rows.is_empty() {
        view! { <p class="card empty-card">"No usage and no leads in this period"</p> }.into_any()
    } else {
        view! {
            <div class="card table-card" tabindex="0" role="group" aria-label=title>
                <table data-testid=id>{head(first)}<tbody>{rows}</tbody></table>
            </div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby=id>
            <header class="section-header"><h2 id=id>{title}</h2>{more.map(|more| view! { <p>{more}</p> })}</header>
            {body}
        </section>
    }
}

/// Whole credits of the rows of a table, which add up to their sum.
pub(super) fn wholes<'a>(gains: impl Iterator<Item = &'a Gain>) -> Vec<String> {
    let credits: Vec<_> = gains.map(|gain| gain.used.credits).collect();
    number::whole_parts(&credits)
}

pub(super) fn row(name: AnyView, gain: &Gain, shown: String) -> AnyView {
    let counts: Vec<_> = LeadKind::ALL
        .iter()
        .map(|kind| view! { <td class="number">{number::count(gain.of(*kind))}</td> })
        .collect();
    let each: Vec<_> = LeadKind::ALL
        .iter()
        .map(|kind| {
            let each = per(gain, *kind).map_or_else(|| "—".to_owned(), number::quotient);
            view! { <td class="number">{each}</td> }
        })
        .collect();
    let worth: Vec<_> = gain
        .worth_micro
        .iter()
        .map(|(currency, micro)| view! { <span class="worth">{money(*micro, currency)}</span> })
        .collect();
    let rates: Vec<_> = gain
        .worth_micro
        .keys()
        .filter_map(|currency| {
            let each = gain.worth_per_credit(currency)?;
            Some(view! { <span class="worth">{rate(each, currency)}</span> })
        })
        .collect();
    let nothing = |is_empty: bool| is_empty.then_some("—");
    view! {
        <tr><th scope="row">{name}</th><td class="number">{part(gain.used.credits, shown)}</td>{counts}{each}
            <td class="number">{nothing(worth.is_empty())}{worth}</td><td class="number">{nothing(rates.is_empty())}{rates}</td></tr>
    }
    .into_any()
}
