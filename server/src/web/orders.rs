//! The form that orders a pack or a plan.

use app::{
    context::Current,
    pages::settings::{Offer, pack_offer, plan_offer},
};
use axum::{Extension, Form, extract::State, response::Response};
use domain::{ledger::OrderKind, number};
use serde::Deserialize;
use service::{Caller, Scope, ServiceError, ServiceResult, Services, ports::Version};

use super::{
    billing::scope,
    stale::{self, Outdated, field},
};
use crate::AppState;

/// Orders a pack or a plan. What was seen when it was chosen comes along: its version decides, the rest is for people.
#[derive(Debug, Deserialize)]
pub struct OrderForm {
    account: String,
    kind: String,
    item: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    seen_plan: String,
    #[serde(default)]
    seen_credits: String,
    #[serde(default)]
    seen_price: String,
    #[serde(default)]
    seen_terms: String,
    next: Option<String>,
}

/// `POST /billing/orders`
pub async fn order(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<OrderForm>,
) -> Response {
    let services = &state.services;
    let done = async {
        let scope = scope(services, &current, &form.account).await?;
        let kind = OrderKind::named(&form.kind)
            .ok_or_else(|| ServiceError::invalid("kind", "must be pack or plan"))?;
        let expected = stale::version(Some(&form.version))?;
        let placed = services.place_order_if(&scope, kind, &form.item, expected);
        Ok(match placed.await {
            Err(ServiceError::Stale) => {
                let caller = current.caller().ok_or(ServiceError::Unauthenticated)?;
                Some(outdated(services, (caller, &scope), kind, &form).await?)
            }
            placed => placed.map(|_| None)?,
        })
    }
    .await;
    stale::go_on(&state, current, done, form.next.as_deref(), "ordered").await
}

/// What is offered by now, and beside which plan, beside what was chosen from.
async fn outdated(
    services: &Services,
    (caller, scope): (&Caller, &Scope),
    kind: OrderKind,
    form: &OrderForm,
) -> ServiceResult<Outdated> {
    let plan = services
        .plan(caller, &services.current_plan(scope).await?)
        .await?;
    let offer = match kind {
        OrderKind::Pack => pack_offer(&services.pack(caller, &form.item).await?, &plan.key),
        OrderKind::Plan => plan_offer(&services.plan(caller, &form.item).await?, &plan),
    };
    let price = offer.price.clone().unwrap_or_default();
    let credits = offer.credits.to_string();
    let fields = vec![
        field("Your plan", form.seen_plan.clone(), plan.name.clone()),
        field(
            "Credits",
            shown(&form.seen_credits),
            number::credits(offer.credits),
        ),
        field("Price", form.seen_price.clone(), price.clone()),
        field("Terms", form.seen_terms.clone(), offer.terms.clone()),
    ];
    let sent = [
        ("account", form.account.as_str()),
        ("kind", &form.kind),
        ("item", &form.item),
        ("seen_plan", &plan.name),
        ("seen_credits", &credits),
        ("seen_price", &price),
        ("seen_terms", &offer.terms),
    ];
    Ok(Outdated {
        version: version_of(&offer)?,
        what: offer.name,
        action: "/billing/orders",
        has_files: false,
        fields,
        sent: sent
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
    })
}

fn version_of(offer: &Offer) -> ServiceResult<Version> {
    let version = offer.version.parse();
    version.map_err(|rule| ServiceError::invalid("version", rule))
}

/// An amount that was seen, as it is written elsewhere.
fn shown(text: &str) -> String {
    text.parse()
        .map_or_else(|_| text.to_owned(), number::credits)
}
