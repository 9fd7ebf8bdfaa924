//! Value: what usage brought in, what a lead cost, and what was wasted.

mod chart;
mod table;
mod tiles;
mod words;

use domain::filter::ViewQuery;
use leptos::prelude::*;
use service::value::{Value, ValueQuery};

use super::{
    FramedPage,
    frame::{Ask, Frame},
    trend_parts::{self, PERIODS, address, asked_view, compare_to, interval},
};
use crate::{
    VALUE_PATH,
    components::filter_bar::{CompanyChoice, FIND, company_choice, filter_bar},
    error::AppError,
    pages::company_options::read_companies,
};

const EXAMPLE: &str = r#"{"specversion": "1.0", "type": "creditscope.lead", "id": "lead-1", "source": "crm", "subject": "acme-dental",
 "data": {"agent": "chat", "kind": "booking", "reference": "conv_3fa", "value": "120", "currency": "EUR"}}"#;

/// The page Value.
#[derive(Debug, Clone)]
pub struct ValuePage {
    frame: Frame,
    value: Value,
    query: ViewQuery,
    companies: CompanyChoice,
}

impl FramedPage for ValuePage {
    const PATH: &'static str = VALUE_PATH;
    const TITLE: &'static str = "Value";
    const IS_REMEMBERED: bool = true;

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(VALUE_PATH).await?;
        let query = asked_view(ask, &frame)?;
        let asked = ValueQuery {
            view: query.clone(),
            window: trend_parts::window(ask),
        };
        let companies =
            read_companies(ask.services, &scope, &query.companies, ask.value(FIND)).await?;
        let value = ask.services.value(scope, &asked).await?;
        Ok(Self {
            frame,
            value,
            query,
            companies,
        })
    }

    fn view(self) -> AnyView {
        let parts = view! {
            {self.bar()}
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
}

impl ValuePage {
    fn bar(&self) -> AnyView {
        let window = self.value.window.id();
        let figures = |format: &str| {
            let shown = [("window", window), ("format", format)];
            address("/api/v1/leads/summary", &self.query, &shown)
        };
        let chart = |format: &str| {
            let path = format!("{VALUE_PATH}/chart.{format}");
            address(&path, &self.query, &[("window", window)])
        };
        let filters = &self.frame.filters;
        let choices = vec![
            company_choice(filters, &self.companies),
            trend_parts::period(filters, &PERIODS, self.value.range, &self.value.zone),
            compare_to(filters, self.value.compared),
            interval(filters, self.value.window),
        ];
        let files = trend_parts::files(&figures, &chart);
        filter_bar(filters, choices, files.into_any())
    }

    /// The agents that the page is narrowed to, which no menu shows, and the way back.
    fn narrowed(&self) -> Option<impl IntoView + use<>> {
        let agents = self
            .query
            .agents
            .iter()
            .map(|agent| agent.name().to_owned());
        let names: Vec<_> = agents.collect();
        let href = self.frame.filters.without(&["agent"]).href();
        (!names.is_empty()).then(|| {
            view! { <p class="narrowed" data-testid="narrowed">"Only "<b>{names.join(", ")}</b>" · "<a href=href>"Show all"</a></p> }
        })
    }

    /// This page, narrowed to one agent or company.
    fn narrow(&self, name: &str, key: &str) -> String {
        self.frame.filters.with(name, key).href()
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
