//! The form that orders a pack or a plan.

use app::context::Current;
use axum::{
    Extension, Form,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::ledger::{Order, OrderKind};
use serde::Deserialize;
use service::{ServiceError, ServiceResult, Services, idempotency::FormName, orders::OrderAsk};

use super::{billing::scope, outcome::finish, sign_in::local, stale};

/// Orders a pack or a plan, of the version that was seen when it was chosen.
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
    next: Option<String>,
}

/// Cancels an order.
#[derive(Debug, Deserialize)]
pub struct CancelForm {
    account: String,
    order: String,
    next: Option<String>,
}

/// `POST /billing/orders`: one that is out of date is answered by its summary as it is now.
pub async fn order(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<OrderForm>,
) -> Response {
    let next = form.next.clone();
    match place(&services, &current, &form).await {
        Ok(order) => to_order(next.as_deref(), &order),
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

async fn place(services: &Services, current: &Current, form: &OrderForm) -> ServiceResult<Order> {
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
    if form.request.is_empty() {
        return order().await;
    }
    let fields = [&form.account, &form.kind, &form.item, &form.quantity];
    let asked = fields.map(String::as_str).join("\0");
    let name = FormName {
        what: "order form",
        id: &form.request,
        asked: asked.as_bytes(),
    };
    services.once(caller, &name, order).await
}

fn quantity(text: &str) -> ServiceResult<u32> {
    match text.trim() {
        "" => Ok(1),
        text => text
            .parse()
            .map_err(|_| ServiceError::invalid("quantity", "must be a whole number")),
    }
}
