//! Accounts: who pays.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use domain::{
    Credits,
    calendar::Zone,
    tenancy::{Account, AccountKind},
};
use serde::{Deserialize, Serialize};
use service::{Caller, Permission, Services, books::policy_from, ports::PutAccount};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    list::{ListParams, Page, Paging},
    problem::{Answer, Problem},
    query::Params,
    times,
    version::{Precondition, read_answer, versioned_put},
};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountBody {
    /// Its key; unique.
    #[schema(example = "northwind")]
    pub key: String,
    /// Display name.
    #[schema(example = "Northwind Agency")]
    pub name: String,
    /// `customer` or `agency`.
    #[schema(value_type = String, example = "agency")]
    pub kind: AccountKind,
    /// IANA time zone in which its days and cycles are counted.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// Start of its first billing cycle.
    #[schema(example = "2026-01-01T00:00:00+01:00")]
    pub cycle_anchor: String,
    /// Key of its plan; null for callers who see some companies only.
    #[schema(required, example = "growth")]
    pub plan: Option<String>,
    /// What happens when no credits remain: `hard_stop`, `grace` or `overage`; null for callers who see some companies only.
    #[schema(required, example = "hard_stop")]
    pub policy: Option<&'static str>,
    /// With `grace`: how much overage is allowed, in percent of the allocation.
    #[schema(required, example = json!(null))]
    pub grace_percent: Option<u32>,
    /// Credits that the system may refund in a billing cycle without a decision of the platform; null for callers who see
    /// some companies only.
    #[schema(required, value_type = Option<String>, example = "0")]
    pub auto_refund_credits: Option<Credits>,
    /// Whether its AI features are stopped by the operator.
    pub suspended: bool,
}

/// An account to create or replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutAccount)]
pub struct PutAccountBody {
    /// Display name, 1 to 120 characters.
    #[schema(example = "Northwind Agency")]
    name: String,
    /// `customer` or `agency`.
    #[schema(value_type = String, example = "agency")]
    kind: AccountKind,
    /// IANA time zone; cannot change once usage is recorded.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// Start of the first billing cycle: an RFC 3339 time, or a date in the time zone; cannot change once usage is recorded.
    #[schema(example = "2026-01-01")]
    cycle_anchor: String,
    /// Key of the plan.
    #[schema(example = "growth")]
    plan: String,
    /// What happens when no credits remain: `hard_stop` (the default), `grace` or `overage`.
    #[schema(example = "hard_stop")]
    policy: Option<String>,
    /// Goes with `grace`: how much overage is allowed, in percent of the allocation, at most 1,000.
    #[schema(example = json!(null))]
    grace_percent: Option<u32>,
    /// Credits that the system may refund in a billing cycle, to whoever requests it, without a decision of the platform:
    /// none when left out. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "0")]
    auto_refund_credits: Option<Credits>,
}

impl From<Account> for AccountBody {
    fn from(account: Account) -> Self {
        let zone = Zone::named(&account.time_zone).unwrap_or_else(|_| Zone::utc());
        Self {
            cycle_anchor: times::rfc3339(account.cycle_anchor, &zone),
            key: account.key,
            name: account.name,
            kind: account.kind,
            time_zone: account.time_zone,
            plan: Some(account.plan),
            policy: Some(account.policy.id()),
            grace_percent: account.policy.percent(),
            auto_refund_credits: Some(account.auto_refund),
            suspended: account.is_suspended,
        }
    }
}

impl AccountBody {
    /// An account as a caller may see it: what it pays, and on which terms, is not for those who see some companies only.
    fn seen_by(caller: &Caller, account: Account) -> Self {
        let sees_all = caller.sees_all_of(account.id);
        let body = Self::from(account);
        if sees_all {
            return body;
        }
        Self {
            plan: None,
            policy: None,
            grace_percent: None,
            auto_refund_credits: None,
            ..body
        }
    }
}

impl PutAccountBody {
    /// The account as the service takes it.
    ///
    /// # Errors
    /// A zone that does not exist, or an anchor that is no time.
    pub fn read(self, key: String) -> Answer<PutAccount> {
        let zone = Zone::named(&self.time_zone).map_err(|error| {
            Problem::invalid_field("time_zone", "unknown_time_zone", error.to_string())
        })?;
        let cycle_anchor = times::parse("cycle_anchor", &self.cycle_anchor, &zone)?;
        Ok(PutAccount {
            key,
            name: self.name,
            kind: self.kind,
            time_zone: self.time_zone,
            cycle_anchor,
            policy: policy_from(self.policy.as_deref(), self.grace_percent)?,
            auto_refund: self.auto_refund_credits.unwrap_or(Credits::ZERO),
            plan: self.plan,
        })
    }
}

/// Lists accounts by key
#[utoipa::path(
    get, path = "/api/v1/accounts", tag = "Accounts", operation_id = "list_accounts",
    params(
        ListParams,
        ("search" = Option<String>, Query, description = "Only accounts with this in key or name, without regard to case."),
    ),
    responses(
        (status = 200, description = "The accounts that the caller may read.", body = Page<AccountBody>),
    ),
)]
pub async fn list_accounts(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<Page<AccountBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    let search = rest.take("search");
    rest.finish()?;
    let page = page.of::<String>("accounts".to_owned())?;
    let accounts = services
        .accounts(
            &caller,
            search.as_deref(),
            page.after.as_deref(),
            page.to_read(),
        )
        .await?;
    Ok(Json(page.page(
        accounts,
        |account| account.key.clone(),
        |account| AccountBody::seen_by(&caller, account),
    )))
}

/// Reads an account
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}", tag = "Accounts", operation_id = "get_account",
    params(("key" = String, Path, description = "The account's key.")),
    responses(
        (status = 200, description = "The account.", body = AccountBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 404, description = "No such account, or someone else's."),
    ),
)]
pub async fn get_account(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    params: Params,
) -> Answer<Response> {
    params.none()?;
    let account = services.account(&caller, &key).await?;
    let seen = |account| AccountBody::seen_by(&caller, account);
    if caller.may_everywhere(Permission::Provision) {
        return Ok(read_answer(account, seen));
    }
    // A version tells of everything in it, also of what others do not see; and they cannot use it.
    Ok(Json(seen(account)).into_response())
}

/// Creates or replaces an account
#[utoipa::path(
    put, path = "/api/v1/accounts/{key}", tag = "Accounts", operation_id = "put_account",
    params(
        ("key" = String, Path, description = "The account's key: 1 to 64 of a-z A-Z 0-9 _ - ."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
        ("If-Match" = Option<String>, Header, description = "Replaces only the version with this `ETag`; `*` replaces any and creates nothing."),
        ("If-None-Match" = Option<String>, Header, description = "`*` creates and replaces nothing."),
    ),
    request_body = PutAccountBody,
    responses(
        (status = 201, description = "Created.", body = AccountBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 200, description = "Replaced.", body = AccountBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 403, description = "The key has no scope platform."),
        (status = 409, description = "Zone and anchor cannot change once usage is recorded."),
    ),
)]
pub async fn put_account(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    Precondition(expected): Precondition,
    params: Params,
    JsonBody(account): JsonBody<PutAccountBody>,
) -> Answer<Response> {
    params.none()?;
    let put = services.put_account_if(&caller, account.read(key)?, &expected);
    Ok(versioned_put(put.await?, AccountBody::from))
}

/// Whether an account's AI features are stopped.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// `true` stops them, `false` lets them go on.
    suspended: bool,
}

/// Stops an account's AI features, or lets them go on
///
/// Every check of a suspended account is denied. What is running goes on and is recorded.
#[utoipa::path(
    put, path = "/api/v1/accounts/{key}/suspension", tag = "Accounts", operation_id = "put_suspension",
    params(("key" = String, Path, description = "The account's key.")),
    request_body = Suspension,
    responses(
        (status = 200, description = "As it is now.", body = Suspension),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn put_suspension(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<Suspension>,
) -> Answer<Json<Suspension>> {
    params.none()?;
    services.suspend(&caller, &key, body.suspended).await?;
    Ok(Json(body))
}
