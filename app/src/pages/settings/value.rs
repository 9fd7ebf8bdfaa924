//! Value: what usage brought in, what a lead cost, and what was wasted.

mod chart;
mod table;
mod tiles;
mod words;

use domain::{Agent, filter::ViewQuery};
use leptos::prelude::*;
use service::value::{Value, ValueQuery};

use super::{
    frame::{Ask, Frame},
    trend_parts::{self, PERIODS, WINDOWS, address, asked_view, choice, kept},
};
use crate::{VALUE_PATH, error::AppError};

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
                {choice("Interval", "window", &WINDOWS, window)}
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
            <p>"Send an event when a conversation or call brings in a lead, a booking or a sale, and this page says what each of them cost. Give it the reference of the conversation, so that chats without a lead can be counted."</p>
            <pre class="example" tabindex="0" aria-label="Example of a lead">"POST /api/v1/events\n\n"{EXAMPLE}</pre>
            <a class="button" href="/api/docs" rel="external">"API documentation"</a>
        </section>
    }
}
