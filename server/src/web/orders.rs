//! The form that orders a pack or a plan.

use app::{
    context::Current,
    pages::settings::{Offer, pack_offer, plan_offer},
};
use axum::{
    Extension, Form,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    ledger::{Order, OrderKind},
    number,
};
use serde::Deserialize;
use service::{
    Caller, Scope, ServiceError, ServiceResult, Services, idempotency::FormName, orders::OrderAsk,
    ports::Version,
};

use super::{
    billing::scope,
    outcome::finish,
    sign_in::local,
    stale::{self, Outdated, field},
};
use crate::AppState;

/// Orders a pack or a plan. What was seen when it was chosen comes along: its version decides, the rest is for people.
#[derive(Debug, Deserialize)]
pub struct OrderForm {
    account: String,
    kind: String,
    item: String,
    /// How many of a pack; one when left out.
    #[serde(default)]
    quantity: String,
    /// The id that the form was rendered with: sent twice, it is one order.
    #[serde(default)]
    request: String,
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

/// Cancels an order.
#[derive(Debug, Deserialize)]
pub struct CancelForm {
    account: String,
    order: String,
    next: Option<String>,
}

/// What became of a form: the order, or what was chosen and what is offered now.
enum Placed {
    Order(Box<Order>),
    Outdated(Box<Outdated>),
}

/// `POST /billing/orders`
pub async fn order(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<OrderForm>,
) -> Response {
    let next = form.next.clone();
    match place(&state.services, &current, &form).await {
        Ok(Placed::Order(order)) => to_order(next.as_deref(), &order),
        Ok(Placed::Outdated(outdated)) => {
            stale::go_on(&state, current, Ok(Err(*outdated)), next.as_deref()).await
        }
        Err(error) => finish(Err(error), next.as_deref()),
    }
}

/// `POST /billing/orders/cancel`
pub async fn cancel(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<CancelForm>,
) -> Response {
    let cancelled = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.cancel_order(&scope, &form.order).await
    };
    match cancelled.await {
        Ok(order) => to_order(form.next.as_deref(), &order),
        Err(error) => finish(Err(error), form.next.as_deref()),
    }
}

/// Back to where the form was, which says how far the order is.
fn to_order(next: Option<&str>, order: &Order) -> Response {
    let next = local(next);
    let joint = if next.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{next}{joint}order={}", order.id)).into_response()
}

async fn place(services: &Services, current: &Current, form: &OrderForm) -> ServiceResult<Placed> {
    let caller = current.caller().ok_or(ServiceError::Unauthenticated)?;
    let scope = scope(services, current, &form.account).await?;
    let kind = OrderKind::named(&form.kind)
        .ok_or_else(|| ServiceError::invalid("kind", "must be pack or plan"))?;
    let asked = OrderAsk {
        kind,
        item: form.item.clone(),
        quantity: quantity(&form.quantity)?,
    };
    let expected = stale::version(Some(&form.version))?;
    let order = || services.place_order_once(&scope, &asked, expected);
    let placed = if form.request.is_empty() {
        order().await
    } else {
        let fields = [&form.account, &form.kind, &form.item, &form.quantity];
        let asked = fields.map(String::as_str).join("\0");
        let name = FormName {
            what: "order form",
            id: &form.request,
            asked: asked.as_bytes(),
        };
        services.once(caller, &name, order).await
    };
    match placed {
        Err(ServiceError::Stale) => {
            let outdated = outdated(services, (caller, &scope), kind, form).await?;
            Ok(Placed::Outdated(Box::new(outdated)))
        }
        placed => Ok(Placed::Order(Box::new(placed?))),
    }
}

fn quantity(text: &str) -> ServiceResult<u32> {
    match text.trim() {
        "" => Ok(1),
        text => text
            .parse()
            .map_err(|_| ServiceError::invalid("quantity", "must be a whole number")),
    }
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
        ("quantity", &form.quantity),
        ("request", &form.request),
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
