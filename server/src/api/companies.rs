//! Companies: who spends.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use domain::{Agent, Credits, agent::UnknownAgent, tenancy::Company};
use serde::{Deserialize, Serialize};
use service::{Permission, Services, ports::PutCompany};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    list::{ListParams, Page, Paging},
    problem::{Answer, Problem},
    query::Params,
    version::{Precondition, read_answer, versioned_put},
};

/// A company of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Company)]
pub struct CompanyBody {
    /// Its key; unique in its account.
    #[schema(example = "acme-dental")]
    pub key: String,
    /// Display name.
    #[schema(example = "Acme Dental")]
    pub name: String,
    /// Credits it may spend in a billing cycle; null for any.
    #[schema(required, value_type = Option<String>, example = "5000")]
    pub budget: Option<Credits>,
    /// Credits single agents may spend in it in a billing cycle.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"voice_outbound": "1200"}))]
    pub agent_caps: BTreeMap<Agent, Credits>,
}

/// A company to create or replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutCompany)]
pub struct PutCompanyBody {
    /// Display name, 1 to 120 characters.
    #[schema(example = "Acme Dental")]
    name: String,
    /// Credits it may spend in a billing cycle; any when left out. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "5000")]
    budget: Option<Credits>,
    /// Credits single agents may spend in it in a billing cycle. Each from 0 to 1000000000.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>, example = json!({"voice_outbound": "1200"}))]
    agent_caps: BTreeMap<String, Credits>,
}

/// Caps by agent. Names are read by ourselves, so that an error names the agent whose cap is wrong.
fn caps(named: BTreeMap<String, Credits>) -> Answer<BTreeMap<Agent, Credits>> {
    let cap = |(name, credits): (String, Credits)| {
        let agent: Agent = name.parse().map_err(|error: UnknownAgent| {
            let field = format!("agent_caps.{name}");
            Problem::invalid_field(&field, "unknown_agent", error.to_string())
        })?;
        Ok((agent, credits))
    };
    named.into_iter().map(cap).collect()
}

impl From<Company> for CompanyBody {
    fn from(company: Company) -> Self {
        Self {
            key: company.key,
            name: company.name,
            budget: company.budget,
            agent_caps: company.agent_caps,
        }
    }
}

/// Lists companies by key
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/companies", tag = "Companies", operation_id = "list_companies",
    params(
        ("key" = String, Path, description = "The account's key."),
        ListParams,
        ("search" = Option<String>, Query, description = "Only companies with this in key or name, without regard to case."),
    ),
    responses(
        (status = 200, description = "The companies that the caller may see.", body = Page<CompanyBody>),
        (status = 404, description = "No such account, or someone else's."),
    ),
)]
pub async fn list_companies(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    params: Params,
) -> Answer<Json<Page<CompanyBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    let search = rest.take("search");
    rest.finish()?;
    let page = page.of::<String>(format!("companies:{key}"))?;
    let scope = services
        .scope(&caller, Some(&key), Permission::Read)
        .await?;
    let companies = services
        .companies(
            &scope,
            search.as_deref(),
            page.after.as_deref(),
            page.to_read(),
        )
        .await?;
    Ok(Json(page.page(
        companies,
        |company| company.key.clone(),
        CompanyBody::from,
    )))
}

/// Reads a company
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/companies/{company_key}", tag = "Companies", operation_id = "get_company",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("company_key" = String, Path, description = "The company's key."),
    ),
    responses(
        (status = 200, description = "The company.", body = CompanyBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 404, description = "No such company, or someone else's."),
    ),
)]
pub async fn get_company(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((key, company)): Path<(String, String)>,
    params: Params,
) -> Answer<Response> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&key), Permission::Read)
        .await?;
    let company = services.company(&scope, &company).await?;
    Ok(read_answer(company, CompanyBody::from))
}

/// Creates or replaces a company
#[utoipa::path(
    put, path = "/api/v1/accounts/{key}/companies/{company_key}", tag = "Companies", operation_id = "put_company",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("company_key" = String, Path, description = "The company's key: 1 to 64 of a-z A-Z 0-9 _ - ."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
        ("If-Match" = Option<String>, Header, description = "Replaces only the version with this `ETag`; `*` replaces any and creates nothing."),
        ("If-None-Match" = Option<String>, Header, description = "`*` creates and replaces nothing."),
    ),
    request_body = PutCompanyBody,
    responses(
        (status = 201, description = "Created.", body = CompanyBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 200, description = "Replaced.", body = CompanyBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn put_company(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((key, company)): Path<(String, String)>,
    Precondition(expected): Precondition,
    params: Params,
    JsonBody(body): JsonBody<PutCompanyBody>,
) -> Answer<Response> {
    params.none()?;
    let company = PutCompany {
        key: company,
        name: body.name,
        budget: body.budget,
        agent_caps: caps(body.agent_caps)?,
    };
    let put = services.put_company_if(&caller, &key, &company, &expected);
    Ok(versioned_put(put.await?, CompanyBody::from))
}
