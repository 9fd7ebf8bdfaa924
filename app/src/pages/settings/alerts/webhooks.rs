//! Where alerts are told to programs.

use domain::calendar::Zone;
use leptos::prelude::*;
use service::{
    Scope,
    endings::Failing,
    ports::{Delivery, Webhook},
};

use super::super::{
    endings::endpoints_notice,
    frame::{Ask, Frame, at, hidden},
};
use crate::{
    components::{Sheet, Side, sheet_foot},
    error::AppError,
    forms::{Field, Secret},
};

/// Messages of each webhook that are listed.
const MOST_DELIVERIES: u32 = 10;

/// The webhooks of an account, with their latest messages.
#[derive(Debug, Clone)]
pub(super) struct Webhooks {
    listed: Vec<(Webhook, Vec<Delivery>)>,
    sheet: Option<EndpointSheet>,
    failing: Vec<Failing>,
}

impl Webhooks {
    pub(super) async fn read(ask: &Ask<'_>, scope: &Scope) -> Result<Self, AppError> {
        let services = ask.services;
        let mut listed = Vec::new();
        for webhook in services.webhooks(scope).await? {
            let deliveries = services
                .deliveries(scope, &webhook.id, None, MOST_DELIVERIES)
                .await?;
            listed.push((webhook, deliveries));
        }
        let named = |id: String| {
            let found = listed.iter().find(|(webhook, _)| webhook.id == id);
            found.map(|(webhook, deliveries)| {
                EndpointSheet::Remove(Box::new((webhook.clone(), deliveries.first().cloned())))
            })
        };
        let is_new = ask.value("new").as_deref() == Some("endpoint");
        let sheet = match ask.value("remove") {
            _ if is_new => Some(EndpointSheet::Make),
            Some(id) => named(id),
            None => None,
        };
        Ok(Self {
            listed,
            sheet,
            failing: services.failing_endpoints(scope).await?,
        })
    }

    /// What is wrong with endpoints; nothing when all is well.
    pub(super) fn notice(&self, zone: &Zone) -> Option<AnyView> {
        let webhooks = self.listed.iter().map(|(webhook, _)| webhook);
        endpoints_notice(webhooks, &self.failing, zone)
    }

    pub(super) fn view(&self, frame: &Frame, zone: &Zone) -> impl IntoView + use<> {
        let secret = frame.secret().map(Secret::view);
        let sheet = self.sheet.as_ref().map(|sheet| sheet.view(frame, zone));
        let cards: Vec<_> = self
            .listed
            .iter()
            .map(|(webhook, deliveries)| card(frame, zone, webhook, deliveries))
            .collect();
        let empty = cards.is_empty().then(|| view! { <p class="card empty-card">"No endpoints yet. Events are signed as Standard Webhooks describes."</p> });
        view! {
            <section class="stack" aria-labelledby="webhooks">
                <header class="section-header"><h2 id="webhooks">"Webhooks"</h2><p>"Endpoints that receive each alert."</p>
                    <a class="button" href=frame.sheet("new", "endpoint") data-noscroll="">"Add endpoint"</a></header>
                {secret}
                {empty}
                {cards}
                {sheet}
            </section>
        }
    }
}

fn card(frame: &Frame, zone: &Zone, webhook: &Webhook, deliveries: &[Delivery]) -> AnyView {
    let fields = || {
        (
            hidden("account", frame.account.clone()),
            hidden("webhook", webhook.id.clone()),
            hidden("next", frame.back()),
        )
    };
    let (state, enable) = match webhook.disabled_at {
        None => (view! { <span class="state good">"Active"</span> }.into_any(), None),
        Some(time) => (
            view! { <span class="state bad">{format!("Disabled since {}: deliveries failed", at(time, zone))}</span> }.into_any(),
            Some(view! { <form method="post" action="/settings/webhooks/enable">{fields()}<button class="button" type="submit">"Re-enable"</button></form> }),
        ),
    };
    let rows: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            let replay = view! {
                <form method="post" action="/settings/webhooks/replay">{fields()}{hidden("message", delivery.message.clone())}<button class="quiet-button" type="submit">"Resend"</button></form>
            };
            view! {
                <tr><th scope="row">{words(&delivery.kind)}<small><code>{delivery.message.clone()}</code></small></th><td>{at(delivery.created_at, zone)}</td><td class="why">{state_of(delivery, zone)}</td><td>{replay}</td></tr>
            }
        })
        .collect();
    let table = (!rows.is_empty()).then(|| view! {
        <div class="table-card" tabindex="0" role="group" aria-label="Table of deliveries">
            <table data-testid="deliveries"><thead><tr><th scope="col">"Event"</th><th scope="col">"Created"</th><th scope="col">"Status"</th><th scope="col"><span class="visually-hidden">"Actions"</span></th></tr></thead><tbody>{rows}</tbody></table>
        </div>
    });
    view! {
        <article class="card webhook-card">
            <header><h3>{webhook.url.clone()}</h3>{state}
                <div class="row-actions">
                    {enable}
                    <form method="post" action="/settings/webhooks/test">{fields()}<button class="button" type="submit">"Send test event"</button></form>
                    <a class="button danger" href=frame.sheet("remove", &webhook.id) data-noscroll="" aria-label=format!("Delete {}", webhook.url)>"Delete"</a>
                </div>
            </header>
            {table}
        </article>
    }
    .into_any()
}

fn words(kind: &str) -> &'static str {
    match kind {
        "creditscope.alert.fired" => "Alert",
        "creditscope.alert.recovered" => "Alert resolved",
        "creditscope.alert.ended" => "Alert ended",
        _ => "Test event",
    }
}

fn state_of(delivery: &Delivery, zone: &Zone) -> AnyView {
    if let Some(time) = delivery.due_at {
        let words = if delivery.attempts == 0 {
            "Pending".to_owned()
        } else {
            let tried = match delivery.attempts {
                1 => "1 attempt".to_owned(),
                times => format!("{times} attempts"),
            };
            format!(
                "Pending ({}): {tried}, next {}",
                delivery.answer,
                at(time, zone)
            )
        };
        return view! { <span class="state warn">{words}</span> }.into_any();
    }
    if let Some(time) = delivery.failed_at {
        let words = format!("Failed {} ({})", at(time, zone), delivery.answer);
        return view! { <span class="state bad">{words}</span> }.into_any();
    }
    let time = delivery
        .delivered_at
        .map_or_else(String::new, |time| at(time, zone));
    view! { <span class="state good">{format!("Delivered {time} ({})", delivery.answer)}</span> }
        .into_any()
}

/// A sheet about endpoints.
#[derive(Debug, Clone)]
enum EndpointSheet {
    /// Adds one.
    Make,
    /// Asks before one is deleted, with its latest delivery.
    Remove(Box<(Webhook, Option<Delivery>)>),
}

const MAKE: &str = "/settings/webhooks/make";
const REMOVE: &str = "/settings/webhooks/remove";

impl EndpointSheet {
    fn view(&self, frame: &Frame, zone: &Zone) -> AnyView {
        match self {
            Self::Make => make(frame),
            Self::Remove(one) => remove(frame, zone, &one.0, one.1.as_ref()),
        }
    }
}

fn make(frame: &Frame) -> AnyView {
    let form = frame.form("endpoint", MAKE, &[]);
    let url = Field::text("url", "Endpoint URL")
        .of_kind("url")
        .empty("https://example.com/creditscope")
        .hint("It receives each alert, signed as Standard Webhooks describes.")
        .max("2000")
        .required()
        .first()
        .view(&form);
    let act =
        view! { <button class="button primary" type="submit">"Add endpoint"</button> }.into_any();
    let foot = sheet_foot(form.foot(), frame.back(), act);
    let content = view! {
        <form method="post" action=MAKE novalidate data-testid="endpoint">
            {frame.places(Some(("new", "endpoint")))}
            <div class="sheet-fields">{url}</div>
            {foot}
        </form>
    };
    Sheet {
        side: Side::Edge,
        title: "Add an endpoint".to_owned(),
        lead: "Its signing secret is shown once, right after it is added.".to_owned(),
        close: frame.back(),
    }
    .view(content.into_any())
}

fn remove(frame: &Frame, zone: &Zone, webhook: &Webhook, latest: Option<&Delivery>) -> AnyView {
    let form = frame.form("remove", REMOVE, &[("webhook", &webhook.id)]);
    let latest = latest.map_or_else(
        || view! { "None yet" }.into_any(),
        |latest| {
            view! { {at(latest.created_at, zone)}<small>{state_of(latest, zone)}</small> }
                .into_any()
        },
    );
    let act = view! { <button class="button destructive" type="submit">"Delete endpoint"</button> }
        .into_any();
    let foot = sheet_foot(form.foot(), frame.back(), act);
    let content = view! {
        <form method="post" action=REMOVE>
            {frame.places(Some(("remove", &webhook.id)))}
            {hidden("webhook", webhook.id.clone())}
            <div class="sheet-fields">
                <div class="depends"><h3>"What ends at once"</h3><dl>
                    <div><dt>"Latest event"</dt><dd>{latest}</dd></div>
                    <div><dt>"Pending deliveries"</dt><dd>"are not sent any more"</dd></div>
                    <div><dt>"Signing secret"</dt><dd>"is gone; a new endpoint has another one"</dd></div>
                </dl></div>
            </div>
            {foot}
        </form>
    };
    Sheet {
        side: Side::Middle,
        title: "Delete this endpoint?".to_owned(),
        lead: webhook.url.clone(),
        close: frame.back(),
    }
    .view(content.into_any())
}
