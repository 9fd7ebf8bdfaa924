//! Orders of packs and plans, and what payment systems say of them.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use domain::{
    Credits,
    calendar::Zone,
    cursor::TimedId,
    ledger::{Dispute, DisputeState, Order, OrderKind, OrderState},
};
use serde::{Deserialize, Serialize};
use service::{
    Permission, Services,
    orders::{OrderAsk, PaymentReport},
    payments::{MessageRefused, SignedMessage},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    disputes::DisputeBody,
    list::{ListParams, Page, Paging},
    problem::{Answer, Problem},
    query::Params,
    times,
};

/// Something to order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostOrder {
    /// Key of a pack; or `plan`.
    #[schema(example = "boost-5000")]
    pack: Option<String>,
    /// Key of a plan; or `pack`.
    plan: Option<String>,
    /// How many of the pack, 1 to 99; 1 when left out.
    #[schema(minimum = 1, maximum = 99, example = 1)]
    quantity: Option<u32>,
}

/// What became of an order's payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostPayment {
    /// `paid` or `failed`.
    #[schema(example = "paid")]
    status: String,
    /// The payment, as the payment system names it.
    #[schema(example = "pi_3Q9x")]
    reference: Option<String>,
    /// With `failed`: why.
    #[schema(example = "card declined")]
    reason: Option<String>,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderBody {
    /// Its id.
    pub id: String,
    /// `pack` or `plan`.
    #[schema(value_type = String, example = "pack")]
    pub kind: OrderKind,
    /// Key of the pack or plan.
    #[schema(example = "boost-5000")]
    pub item: String,
    /// How many of a pack; 1 of a plan.
    #[schema(example = 1)]
    pub quantity: u32,
    /// Display name.
    #[schema(example = "Boost 5,000")]
    pub name: String,
    /// Its credits, of all its packs.
    #[schema(value_type = String, example = "5000")]
    pub credits: Credits,
    /// What is to be paid for it: of all its packs; of a plan, the difference from the plan that the account is on, and
    /// nothing when it is smaller.
    #[schema(required, example = "59")]
    pub price: Option<String>,
    /// ISO 4217 code of the price.
    #[schema(required, example = "EUR")]
    pub currency: Option<String>,
    /// `ordered`, `applied` (paid, and the credits are there), `failed` or `cancelled`. A payment that comes after all
    /// still applies the last two.
    #[schema(value_type = String, example = "ordered")]
    pub state: OrderState,
    /// Why its payment failed.
    #[schema(required)]
    pub reason: Option<String>,
    /// The payment, as the payment system names it.
    #[schema(required)]
    pub reference: Option<String>,
    /// Who ordered.
    pub ordered_by: String,
    /// When it was ordered.
    pub ordered_at: String,
    /// When it changed last.
    pub updated_at: String,
    /// Where to pay it; null when an operator confirms payments.
    #[schema(required)]
    pub checkout_url: Option<String>,
}

impl OrderBody {
    /// An order with where it is paid.
    pub fn with_checkout(order: Order, services: &Services, zone: &Zone) -> Self {
        let checkout = services.checkout_url(&order);
        Self::new(order, checkout, zone)
    }

    /// An order as the API tells it.
    fn new(order: Order, checkout_url: Option<String>, zone: &Zone) -> Self {
        Self {
            id: order.id,
            kind: order.kind,
            item: order.item,
            quantity: order.quantity,
            name: order.name,
            credits: order.credits,
            price: order.price,
            currency: order.currency,
            state: order.state,
            reason: order.reason,
            reference: order.reference,
            ordered_by: order.actor,
            ordered_at: times::rfc3339(order.created_at, zone),
            updated_at: times::rfc3339(order.updated_at, zone),
            checkout_url,
        }
    }
}

/// Orders a pack or a plan
///
/// Its credits are granted once it is paid.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/orders", tag = "Orders", operation_id = "post_order",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    request_body = PostOrder,
    responses(
        (status = 201, description = "Ordered.", body = OrderBody),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn post_order(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<PostOrder>,
) -> Answer<Response> {
    params.none()?;
    let quantity = body.quantity.unwrap_or(1);
    let (kind, item) = match (body.pack, body.plan) {
        (Some(pack), None) => (OrderKind::Pack, pack),
        (None, Some(_)) if quantity != 1 => {
            let rule = "must be 1, or left out, with plan: an account has one";
            return Err(Problem::invalid_field("quantity", "invalid", rule));
        }
        (None, Some(plan)) => (OrderKind::Plan, plan),
        _ => {
            return Err(Problem::invalid_field(
                "pack",
                "required",
                "name either a pack or a plan",
            ));
        }
    };
    let scope = services
        .scope(&caller, Some(&account), Permission::Bill)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let asked = OrderAsk {
        kind,
        item,
        quantity,
    };
    let order = services.place_order(&scope, &asked).await?;
    let body = OrderBody::with_checkout(order, &services, &zone);
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Lists an account's orders, newest first
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/orders", tag = "Orders", operation_id = "list_orders",
    params(("key" = String, Path, description = "The account's key."), ListParams),
    responses(
        (status = 200, description = "The orders.", body = Page<OrderBody>),
        (status = 404, description = "No such account, or someone else's."),
    ),
)]
pub async fn list_orders(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<OrderBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<TimedId>(format!("orders:{account}"))?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let orders = services
        .orders(&scope, page.after.as_ref(), page.to_read())
        .await?;
    let place = |order: &Order| TimedId {
        time: order.created_at,
        id: order.id.clone(),
    };
    Ok(Json(page.page(orders, place, |order| {
        OrderBody::with_checkout(order, &services, &zone)
    })))
}

/// Records what became of an order's payment
///
/// `paid` grants what was ordered in the same transaction, once, however often it is said.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/orders/{id}/payment", tag = "Orders", operation_id = "post_order_payment",
    params(("key" = String, Path, description = "The account's key."), ("id" = String, Path, description = "The order's id.")),
    request_body = PostPayment,
    responses(
        (status = 200, description = "The order.", body = OrderBody),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account or order."),
        (status = 409, description = "It was paid before."),
    ),
)]
pub async fn post_order_payment(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, order)): Path<(String, String)>,
    params: Params,
    JsonBody(body): JsonBody<PostPayment>,
) -> Answer<Json<OrderBody>> {
    params.none()?;
    let report = match body.status.as_str() {
        "paid" => PaymentReport::Paid {
            reference: body.reference,
        },
        "failed" => PaymentReport::Failed {
            reason: body.reason.unwrap_or_default(),
        },
        _ => {
            return Err(Problem::invalid_field(
                "status",
                "invalid",
                "must be paid or failed",
            ));
        }
    };
    let order = services
        .report_payment(&caller, &account, &order, report)
        .await?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    Ok(Json(OrderBody::with_checkout(order, &services, &zone)))
}

/// Takes a signed message of a payment system
///
/// As Standard Webhooks describes it; the body is `{"type": "payment.paid" | "payment.failed", "data": {"order", "reference"?,
/// "reason"?}}`. A message that is sent again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/payments/events", tag = "Orders", operation_id = "post_payment_event",
    request_body(content = Object, content_type = "application/json"),
    responses(
        (status = 204, description = "Taken."),
        (status = 401, description = "Not signed with the secret, or too old."),
        (status = 404, description = "No such order."),
        (status = 409, description = "The order was paid before and cannot fail any more."),
    ),
)]
pub async fn post_payment_event(
    State(services): State<Services>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let message = SignedMessage {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
        body: &body,
    };
    let read = services
        .read_payment(message)
        .map_err(|refused| match refused {
            MessageRefused::Unreadable(why) => Problem::invalid_field("body", "invalid", why),
            refused => Problem::unauthenticated().with_detail(&refused.to_string()),
        })?;
    services.payment_reported(&read.order, read.report).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists refund requests, newest first
///
/// Requests of readers to refund what an event cost; of the companies that the caller may see. The platform decides them.
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/disputes", tag = "Ledger", operation_id = "list_disputes",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("state" = Option<Vec<String>>, Query, style = Form, explode, description = "`open`, `accepted` or `refused`; repeatable. All when left out."),
        ListParams,
    ),
    responses(
        (status = 200, description = "The refund requests.", body = Page<DisputeBody>),
        (status = 404, description = "No such account, or someone else's."),
    ),
)]
pub async fn list_disputes(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<DisputeBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    let states = dispute_states(&rest.take_all("state"))?;
    rest.finish()?;
    let page = page.of::<TimedId>(format!("disputes:{account}"))?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let disputes = services
        .disputes(&scope, &states, page.after.as_ref(), page.to_read())
        .await?;
    let place = |dispute: &Dispute| TimedId {
        time: dispute.created_at,
        id: dispute.id.clone(),
    };
    Ok(Json(page.page(disputes, place, |dispute| {
        DisputeBody::new(dispute, &scope, &zone)
    })))
}

fn dispute_states(names: &[String]) -> Answer<Vec<DisputeState>> {
    let state = |name: &String| {
        DisputeState::named(name).ok_or_else(|| {
            Problem::invalid_field("state", "invalid", "must be open, accepted or refused")
        })
    };
    names.iter().map(state).collect()
}
