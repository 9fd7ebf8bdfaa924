//! Where alerts are told to programs.

use domain::calendar::Zone;
use leptos::prelude::*;
use service::{
    Scope, Services,
    endings::Failing,
    ports::{Delivery, Webhook},
};

use super::super::{
    endings::endpoints_notice,
    frame::{Frame, at, hidden},
};
use crate::error::AppError;

/// Messages of each webhook that are listed.
const MOST_DELIVERIES: u32 = 10;

/// The webhooks of an account, with their latest messages.
#[derive(Debug, Clone)]
pub(super) struct Webhooks {
    listed: Vec<(Webhook, Vec<Delivery>)>,
    secret: Option<String>,
    failing: Vec<Failing>,
}

impl Webhooks {
    pub(super) async fn read(
        services: &Services,
        scope: &Scope,
        secret: Option<String>,
    ) -> Result<Self, AppError> {
        let mut listed = Vec::new();
        for webhook in services.webhooks(scope).await? {
            let deliveries = services
                .deliveries(scope, &webhook.id, None, MOST_DELIVERIES)
                .await?;
            listed.push((webhook, deliveries));
        }
        Ok(Self {
            listed,
            secret,
            failing: services.failing_endpoints(scope).await?,
        })
    }

    /// What is wrong with endpoints; nothing when all is well.
    pub(super) fn notice(&self, zone: &Zone) -> Option<AnyView> {
        let webhooks = self.listed.iter().map(|(webhook, _)| webhook);
        endpoints_notice(webhooks, &self.failing, zone)
    }

    pub(super) fn view(&self, frame: &Frame, zone: &Zone) -> impl IntoView + use<> {
        let secret = self.secret.clone().map(|secret| view! {
            <section class="card secret" role="status">
                <h2>"Signing secret"</h2>
                <p>"Copy it now: it is shown only once. Events are signed with it."</p>
                <input class="secret-text" type="text" readonly value=secret aria-label="Signing secret" data-testid="webhook-secret"/>
            </section>
        });
        let cards: Vec<_> = self
            .listed
            .iter()
            .map(|(webhook, deliveries)| card(frame, zone, webhook, deliveries))
            .collect();
        let empty = cards.is_empty().then(|| view! { <p class="card empty-card">"No endpoints yet. Events are signed as Standard Webhooks describes."</p> });
        view! {
            <section class="stack" aria-labelledby="webhooks">
                <header class="section-header"><h2 id="webhooks">"Webhooks"</h2><p>"Endpoints that receive each alert."</p></header>
                {secret}
                {empty}
                {cards}
                <form class="card plain-form" method="post" action="/settings/webhooks/make">
                    {hidden("account", frame.account.clone())}
                    <div class="form-row">
                        <label>"Endpoint URL"<input type="url" name="url" required maxlength="2000" placeholder="https://example.com/creditscope" autocomplete="off"/></label>
                        <button class="button primary" type="submit">"Add endpoint"</button>
                    </div>
                </form>
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
                    <form method="post" action="/settings/webhooks/remove">{fields()}<button class="button danger" type="submit">"Delete"</button></form>
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
