//! Pages of the log, and receipts.

use domain::activity::{LogAsk, LogPage};
use leptos::{prelude::*, server_fn::codec::Post};

use crate::{error::AppError, packed::Packed};

/// Reads a page of the log of the view that a query string describes.
#[server(prefix = "/api/fn", client = super::PageClient, input = Post<Packed>, output = Post<Packed>)]
pub async fn read_log(query: String, ask: LogAsk, limit: u32) -> Result<LogPage, AppError> {
    let (services, scope, view) = super::scoped(&query).await?;
    Ok(services
        .log(scope, &view, service::activity::LogRead { ask, limit })
        .await?)
}

/// Reads the receipt of one event of the view's account, as the server writes it.
#[server(prefix = "/api/fn", client = super::PageClient, input = Post<Packed>, output = Post<Packed>)]
pub async fn read_receipt(query: String, source: String, id: String) -> Result<String, AppError> {
    let (services, scope, view) = super::scoped(&query).await?;
    let receipt = services
        .receipt(&scope, view.tz.as_deref(), &source, &id)
        .await?;
    Ok(crate::components::receipt_html(
        &receipt,
        &scope.account().key,
        &view,
        None,
    ))
}
