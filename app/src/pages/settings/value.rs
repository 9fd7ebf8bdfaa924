//! Value: what usage brought in, what a lead cost, and what was wasted.

use domain::{
    Agent, Credits,
    filter::ViewQuery,
    lead::{Gain, LeadKind},
    number,
    usage::Totals,
};
use leptos::prelude::*;
use service::value::{Value, ValueQuery};

use super::{
    frame::{Ask, Frame},
    trend_parts::{
        self, MOST_STOPS, PERIODS, WINDOWS, address, asked_view, choice, kept, label, linked,
        rows_in,
    },
};
use crate::{VALUE_PATH, charts, error::AppError};

/// Colours of leads, bookings and sales.
const COLOURS: [usize; 3] = [6, 3, 1];
const EXAMPLE: &str = r#"{"specversion": "1.0", "type": "creditscope.lead", "id": "lead-1", "source": "crm", "subject": "acme-dental",
 "data": {"agent": "chat", "kind": "booking", "reference": "conv_3fa", "value": "120", "currency": "EUR"}}"#;

/// The page Value.
#[derive(Debug, Clone)]
pub struct ValuePage {
    frame: Frame,
    value: Value,
    query: ViewQuery,
    period: &'static str,
}

impl ValuePage {
    pub(in crate::pages) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(VALUE_PATH).await?;
        let (query, period) = asked_view(ask, &frame)?;
        let asked = ValueQuery {
            view: query.clone(),
            window: trend_parts::window(ask),
        };
        let value = ask.services.value(scope, &asked).await?;
        Ok(Self {
            frame,
            value,
            query,
            period,
        })
    }

    pub(super) fn view(self) -> AnyView {
        let parts = view! {
            {self.controls()}
            {self.narrowed()}
            {if self.value.has_leads {
                view! { {self.tiles()}{self.chart()} }.into_any()
            } else {
                how_to().into_any()
            }}
            {self.agents()}
            {self.companies()}
            {self.wasted()}
        };
        self.frame.clone().view(
            "Value",
            "What your credits brought in: leads, bookings and sales, and what each of them cost.",
            parts.into_any(),
        )
    }

    pub(in crate::pages) fn file(&self) -> String {
        let layers: Vec<_> = LeadKind::ALL.iter().map(|kind| self.layer(*kind)).collect();
        let groups: Vec<_> = LeadKind::ALL
            .iter()
            .zip(COLOURS)
            .map(|(kind, colour)| {
                let count = number::count(self.value.total.of(*kind));
                (colour, format!("{} {count}", kind.plural()))
            })
            .collect();
        let title = format!("Leads, bookings and sales by {}", self.value.window.id());
        charts::file(
            &title,
            &charts::stacked(&layers, &self.labels(), &[]),
            &groups,
        )
    }

    fn labels(&self) -> Vec<String> {
        let windows = self.value.windows.iter();
        windows
            .map(|(window, _)| label(window.start, self.value.window, &self.value.zone))
            .collect()
    }

    fn controls(&self) -> impl IntoView + use<> {
        let window = self.value.window.id();
        let figures = |format: &str| {
            let shown = [("window", window), ("format", format)];
            address("/api/v1/leads/summary", &self.query, &shown)
        };
        let chart = |format: &str| {
            let path = format!("{VALUE_PATH}/chart.{format}");
            address(&path, &self.query, &[("window", window)])
        };
        view! {
            <form class="card search-form trend-form" method="get" action=VALUE_PATH>
                {kept(&self.query)}
                {choice("Period", "period", &PERIODS, self.period)}
                {choice("Windows", "window", &WINDOWS, window)}
                <button class="button" type="submit">"Show"</button>
                {trend_parts::files(&figures, &chart)}
            </form>
        }
    }

    /// What the page is narrowed to, and the way back.
    fn narrowed(&self) -> Option<impl IntoView + use<>> {
        let agents = self
            .query
            .agents
            .iter()
            .map(|agent| agent.name().to_owned());
        let companies = self.query.companies.iter().map(|key| {
            let known = self.value.companies.iter().find(|part| part.key == *key);
            known.map_or_else(|| key.clone(), |part| part.name.clone())
        });
        let names: Vec<_> = agents.chain(companies).collect();
        let all = ViewQuery {
            agents: Vec::new(),
            companies: Vec::new(),
            ..self.query.clone()
        };
        let href = address(VALUE_PATH, &all, &[("window", self.value.window.id())]);
        (!names.is_empty()).then(|| {
            view! { <p class="narrowed" data-testid="narrowed">"Only "<b>{names.join(", ")}</b>" · "<a href=href rel="external">"Show all"</a></p> }
        })
    }

    fn tiles(&self) -> impl IntoView + use<> {
        let (now, before) = (&self.value.total, &self.value.previous);
        let kinds: Vec<_> = LeadKind::ALL
            .iter()
            .map(|kind| counted(*kind, now.of(*kind)))
            .collect();
        let (each, each_before) = (per_lead(now), per_lead(before));
        let before_words = match each_before {
            Some(each) => format!("of any kind, was {} before", number::quotient(each)),
            None => "no lead before".to_owned(),
        };
        let each_of: Vec<_> = LeadKind::ALL
            .iter()
            .skip(1)
            .filter_map(|kind| {
                let each = now.credits_per(now.of(*kind))?;
                Some(format!("{} a {}", number::quotient(each), kind.id()))
            })
            .collect();
        let cost_words = [vec![before_words], each_of].concat().join(" · ");
        let worth: Vec<_> = now
            .worth_micro
            .iter()
            .map(|(currency, micro)| view! { <b>{money(*micro, currency)}</b> })
            .collect();
        let has_worth = !worth.is_empty();
        let per_credit: Vec<_> = now
            .worth_micro
            .keys()
            .filter_map(|currency| {
                let each = now.worth_per_credit(currency)?;
                Some(view! { <b>{rate(each, currency)}</b> })
            })
            .collect();
        let has_rate = !per_credit.is_empty();
        let unknown = || view! { <b>"—"</b> };
        view! {
            <dl class="tiles" data-testid="tiles">
                <div class="card tile"><dt>"Leads, bookings, sales"</dt><dd><b>{number::count(now.all_leads())}</b><span class="dim value-moved">{moved(now.all_leads(), before.all_leads())}{format!(" from {} before", number::count(before.all_leads()))}</span><span class="dim">{kinds.join(" · ")}</span></dd></div>
                <div class="card tile"><dt>"Credits per lead"</dt><dd><b>{each.map_or_else(|| "—".to_owned(), number::quotient)}</b><span class="dim">{cost_words}</span></dd></div>
                <div class="card tile"><dt>"Value"</dt><dd>{worth}{(!has_worth).then(unknown)}<span class="dim">{if has_worth { "as reported with them" } else { "none was reported" }}</span></dd></div>
                <div class="card tile"><dt>"Value of a credit"</dt><dd>{per_credit}{(!has_rate).then(unknown)}<span class="dim">{format!("of {} credits used", number::credits(now.used.credits))}</span></dd></div>
            </dl>
        }
    }

    fn chart(&self) -> impl IntoView + use<> {
        let labels = self.labels();
        let layers: Vec<_> = LeadKind::ALL.iter().map(|kind| self.layer(*kind)).collect();
        let drawn = charts::stacked(&layers, &labels, &[]);
        let all = number::count(self.value.total.all_leads());
        let described = format!(
            "Leads, bookings and sales by {}: {all} in all; the table below has every figure",
            self.value.window.id()
        );
        let legend: Vec<_> = LeadKind::ALL
            .iter()
            .zip(COLOURS)
            .map(|(kind, colour)| {
                let class = format!("dot square layer-{colour}");
                let count = self.value.total.of(*kind);
                view! { <li><span class=class></span><span class="trend-name">{kind.plural()}</span><b>{number::count(count)}</b></li> }
            })
            .collect();
        view! {
            <section class="card trend-card" aria-labelledby="over-time">
                <h2 id="over-time">"Over time"</h2>
                <div class="trend-chart" tabindex="0" role="group" aria-label="Chart of leads over time"><div class="trend-plot"><div class="chart-frame" role="img" aria-label=described inner_html=drawn></div>{self.marks(&labels)}</div></div>
                <ul class="trend-legend value-legend" data-testid="legend">{legend}</ul>
                <details class="trend-table"><summary class="quiet-button">"Show this chart as a table"</summary>
                    <div class="table-card" tabindex="0" role="group" aria-label="Table of leads over time">
                        <table data-testid="value-table">{head("From")}<tbody>{self.windows(&labels)}</tbody></table>
                    </div>
                </details>
            </section>
        }
    }

    fn layer(&self, kind: LeadKind) -> charts::Layer {
        let heights = self.value.windows.iter().map(|(_, gain)| {
            let count = i64::try_from(gain.of(kind)).unwrap_or(i64::MAX);
            Credits::from_whole(count).unwrap_or(Credits::MAX).micro()
        });
        charts::Layer {
            colour: COLOURS[usize::from(kind.index())],
            heights_micro: heights.collect(),
        }
    }

    /// Over each window, what came in: shown on hover and focus, and the way to the rows that it cost.
    fn marks(&self, labels: &[String]) -> impl IntoView + use<> {
        let count = labels.len();
        let stop = (count > MOST_STOPS).then_some("-1");
        let marks: Vec<_> = self
            .value
            .windows
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(at, ((window, gain), label))| {
                let class = if at * 2 < count { "tip" } else { "tip late" };
                let leads = leads_words(gain.all_leads());
                let cost = per_lead(gain).map_or_else(String::new, |each| {
                    format!(" · {} each", number::quotient(each))
                });
                let rest = format!("{label} · {} credits{cost}", number::credits(gain.used.credits));
                view! { <a class="trend-mark" href=rows_in(&self.query, *window, self.value.range, &self.value.zone) tabindex=stop rel="external"><span class=class><b>{leads}</b>{rest}</span></a> }
            })
            .collect();
        view! { <div class="trend-marks" data-testid="marks">{marks}</div> }
    }

    fn windows(&self, labels: &[String]) -> Vec<AnyView> {
        let windows = self.value.windows.iter().zip(labels);
        windows
            .map(|((_, gain), label)| row(label.clone().into_any(), gain))
            .collect()
    }

    fn agents(&self) -> impl IntoView + use<> {
        let rows: Vec<_> = self
            .value
            .agents
            .iter()
            .filter(|(_, gain)| !gain.is_nothing())
            .map(|(agent, gain)| {
                let class = format!("dot square layer-{}", agent.index());
                let name = view! { <span class=class></span>" "{linked(agent.name(), Some(self.narrow("agent", agent.id())))} };
                row(name.into_any(), gain)
            })
            .collect();
        table("by-agent", "By agent", "Agent", rows, None)
    }

    fn companies(&self) -> impl IntoView + use<> {
        let rows: Vec<_> = self
            .value
            .companies
            .iter()
            .map(|part| {
                row(
                    linked(&part.name, Some(self.narrow("company", &part.key))),
                    &part.gain,
                )
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

    fn wasted(&self) -> impl IntoView + use<> {
        let wasted = self.value.wasted;
        let chats = wasted.chats_without_lead.map_or_else(
            || {
                view! { <b>"—"</b><span class="dim">"not known until leads are reported"</span> }
                    .into_any()
            },
            |chats| part_of(chats, wasted.chats, "chat replies").into_any(),
        );
        view! {
            <section aria-labelledby="wasted">
                <header class="section-header"><h2 id="wasted">"Wasted credits"</h2><p>"Usage that can hardly have brought in anything, and how it is told."</p></header>
                <dl class="tiles" data-testid="wasted">
                    <div class="card tile"><dt>"Calls under 10 seconds"</dt><dd>{part_of(wasted.short_calls, wasted.calls, "calls")}
                        <span class="definition">"Voice calls that lasted less than ten seconds, by their metered time, or by "<code>"duration_s"</code>" in their metadata. Calls whose length is not known are not counted."</span></dd></div>
                    <div class="card tile"><dt>"Chats without a lead"</dt><dd>{chats}
                        <span class="definition">"Chat replies whose reference is not the reference of a lead of the same company within 35 days. A lead that comes later takes its replies out again."</span></dd></div>
                </dl>
            </section>
        }
    }

    /// This page, narrowed to one agent or company.
    fn narrow(&self, name: &str, key: &str) -> String {
        let query = match name {
            "agent" => ViewQuery {
                agents: key.parse::<Agent>().into_iter().collect(),
                ..self.query.clone()
            },
            _ => ViewQuery {
                companies: vec![key.to_owned()],
                ..self.query.clone()
            },
        };
        address(VALUE_PATH, &query, &[("window", self.value.window.id())])
    }
}

/// How leads are reported, for those who never did.
fn how_to() -> impl IntoView {
    view! {
        <section class="card verdict" data-testid="how-to">
            <h2>"No leads reported yet"</h2>
            <p>"Send an event when a conversation or call brings in a lead, a booking or a sale, and this page says what each of them cost. Give it the reference of the conversation, so that chats without a lead can be told."</p>
            <pre class="example" tabindex="0" aria-label="Example of a lead">"POST /api/v1/events\n\n"{EXAMPLE}</pre>
            <a class="button" href="/api/docs" rel="external">"API documentation"</a>
        </section>
    }
}

fn head(first: &'static str) -> impl IntoView {
    view! {
        <thead><tr><th scope="col">{first}</th><th scope="col" class="number">"Credits"</th><th scope="col" class="number">"Leads"</th>
            <th scope="col" class="number">"Bookings"</th><th scope="col" class="number">"Sales"</th><th scope="col" class="number">"Credits per lead"</th>
            <th scope="col" class="number">"Value"</th><th scope="col" class="number">"Value of a credit"</th></tr></thead>
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
        view! { <p class="card empty-card">"Nothing was used and nothing came in."</p> }.into_any()
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

fn row(name: AnyView, gain: &Gain) -> AnyView {
    let counts: Vec<_> = LeadKind::ALL
        .iter()
        .map(|kind| view! { <td class="number">{number::count(gain.of(*kind))}</td> })
        .collect();
    let each = per_lead(gain).map_or_else(|| "—".to_owned(), number::quotient);
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
        <tr><th scope="row">{name}</th><td class="number">{number::credits(gain.used.credits)}</td>{counts}
            <td class="number">{each}</td><td class="number">{nothing(worth.is_empty())}{worth}</td><td class="number">{nothing(rates.is_empty())}{rates}</td></tr>
    }
    .into_any()
}

fn per_lead(gain: &Gain) -> Option<Credits> {
    gain.credits_per(gain.all_leads())
}

fn leads_words(count: u64) -> String {
    match count {
        1 => "1 lead".to_owned(),
        count => format!("{} leads", number::count(count)),
    }
}

fn counted(kind: LeadKind, count: u64) -> String {
    let name = if count == 1 {
        kind.id().to_owned()
    } else {
        kind.plural().to_lowercase()
    };
    format!("{} {name}", number::count(count))
}

fn money(micro: i128, currency: &str) -> String {
    let micro = i64::try_from(micro).unwrap_or(i64::MAX);
    format!("{} {currency}", number::credits(Credits::from_micro(micro)))
}

/// What one credit brought in.
fn rate(micro: i64, currency: &str) -> String {
    format!(
        "{} {currency}",
        number::quotient(Credits::from_micro(micro))
    )
}

/// How a count moved, as figures of credits do.
fn moved(now: u64, before: u64) -> Option<AnyView> {
    let as_credits = |count: u64| Credits::from_micro(i64::try_from(count).unwrap_or(i64::MAX));
    trend_parts::moved(number::change(as_credits(now), as_credits(before)))
}

fn part_of(part: Totals, all: Totals, what: &'static str) -> impl IntoView {
    let more = format!(
        "{} of the {} credits of {what} · {} of {} {what}",
        number::percent(part.credits, all.credits),
        number::credits(all.credits),
        number::count(part.events),
        number::count(all.events),
    );
    view! { <b>{number::credits(part.credits)}</b><span class="dim">{more}</span> }
}
