//! Companies to choose from.

use domain::usage::CompanyName;
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, Post},
};

use crate::{error::AppError, packed::Packed};

/// Companies of the view's account whose key or name holds `search`.
#[server(prefix = "/api/fn", client = super::PageClient, input = GetUrl, output = Post<Packed>)]
pub async fn find_companies(query: String, search: String) -> Result<Vec<CompanyName>, AppError> {
    let (services, scope, _) = super::scoped(&query).await?;
    super::page::offered_companies(
        &services,
        &scope,
        Some(search.as_str()).filter(|text| !text.is_empty()),
    )
    .await
}
