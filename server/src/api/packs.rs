//! Packs: credits that can be bought besides a plan, and granting one.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use domain::{Credits, tenancy::Pack};
use serde::{Deserialize, Serialize};
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    balance::GrantBody,
    body::JsonBody,
    list::{ListParams, Page, Paging},
    problem::Answer,
    query::Params,
    times,
    version::{Precondition, read_answer, versioned_put},
};

/// A pack of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pack)]
pub struct PackBody {
    /// Its key; unique.
    #[schema(example = "boost-5000")]
    pub key: String,
    /// Display name.
    #[schema(example = "Boost 5,000")]
    pub name: String,
    /// How many credits.
    #[schema(value_type = String, example = "5000")]
    pub credits: Credits,
    /// Its price.
    #[schema(required, value_type = Option<String>, example = "59")]
    pub price: Option<Credits>,
    /// ISO 4217 code of the price.
    #[schema(required, example = "EUR")]
    pub currency: Option<String>,
    /// Billing cycles in which its credits can be spent, the one in which it is bought included.
    #[schema(example = 1)]
    pub valid_cycles: u32,
}

/// A pack to create or replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutPack)]
pub struct PutPackBody {
    /// Display name, 1 to 120 characters.
    #[schema(example = "Boost 5,000")]
    name: String,
    /// How many credits: a number or a decimal string. More than 0, at most 1000000000.
    #[schema(value_type = String, example = "5000")]
    credits: Credits,
    /// Its price, a number or a decimal string; goes with `currency`. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "59")]
    price: Option<Credits>,
    /// ISO 4217 code of the price.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// Billing cycles in which its credits can be spent; 1 when left out.
    #[schema(example = 1)]
    valid_cycles: Option<u32>,
}

/// A pack to grant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantPack {
    /// Key of the pack.
    #[schema(example = "boost-5000")]
    pack: String,
    /// The payment, as the payment system names it.
    #[schema(example = "pi_3Q9x")]
    payment_reference: Option<String>,
}

impl From<Pack> for PackBody {
    fn from(pack: Pack) -> Self {
        Self {
            key: pack.key,
            name: pack.name,
            credits: pack.credits,
            price: pack.price.and_then(|price| price.parse().ok()),
            currency: pack.currency,
            valid_cycles: pack.valid_cycles,
        }
    }
}

/// Lists packs by key
#[utoipa::path(
    get, path = "/api/v1/packs", tag = "Packs", operation_id = "list_packs", params(ListParams),
    responses(
        (status = 200, description = "The packs.", body = Page<PackBody>),
    ),
)]
pub async fn list_packs(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<Page<PackBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<String>("packs".to_owned())?;
    let packs = services
        .packs(&caller, page.after.as_deref(), page.to_read())
        .await?;
    Ok(Json(page.page(
        packs,
        |pack| pack.key.clone(),
        PackBody::from,
    )))
}

/// Reads a pack
#[utoipa::path(
    get, path = "/api/v1/packs/{key}", tag = "Packs", operation_id = "get_pack",
    params(("key" = String, Path, description = "The pack's key.")),
    responses(
        (status = 200, description = "The pack.", body = PackBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 404, description = "No such pack."),
    ),
)]
pub async fn get_pack(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    params: Params,
) -> Answer<Response> {
    params.none()?;
    let pack = services.pack(&caller, &key).await?;
    Ok(read_answer(pack, PackBody::from))
}

/// Creates or replaces a pack
///
/// Packs that were granted stay as they were.
#[utoipa::path(
    put, path = "/api/v1/packs/{key}", tag = "Packs", operation_id = "put_pack",
    params(
        ("key" = String, Path, description = "The pack's key: 1 to 64 of a-z A-Z 0-9 _ - ."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
        ("If-Match" = Option<String>, Header, description = "Replaces only the version with this `ETag`; `*` replaces any and creates nothing."),
        ("If-None-Match" = Option<String>, Header, description = "`*` creates and replaces nothing."),
    ),
    request_body = PutPackBody,
    responses(
        (status = 201, description = "Created.", body = PackBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 200, description = "Replaced.", body = PackBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 403, description = "The key has no scope platform."),
    ),
)]
pub async fn put_pack(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    Precondition(expected): Precondition,
    params: Params,
    JsonBody(body): JsonBody<PutPackBody>,
) -> Answer<Response> {
    params.none()?;
    let pack = Pack {
        key,
        name: body.name,
        credits: body.credits,
        price: body.price.map(|price| price.to_string()),
        currency: body.currency,
        valid_cycles: body.valid_cycles.unwrap_or(1),
    };
    let put = services.put_pack_if(&caller, pack, &expected);
    Ok(versioned_put(put.await?, PackBody::from))
}

/// Grants a pack at once
///
/// Its credits first settle the overage of the running cycle, then pay for what is used next.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/packs", tag = "Packs", operation_id = "post_account_pack",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request. Without it a retried request grants twice."),
    ),
    request_body = GrantPack,
    responses(
        (status = 201, description = "Granted.", body = GrantBody),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn post_account_pack(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<GrantPack>,
) -> Answer<Response> {
    params.none()?;
    let grant = services
        .grant_pack(&caller, &account, &body.pack, body.payment_reference)
        .await?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    Ok((StatusCode::CREATED, Json(GrantBody::new(grant, &zone))).into_response())
}
