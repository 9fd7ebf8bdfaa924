//! Server functions: they take the caller's scope, make one service call, and map the error.
#![expect(
    missing_docs,
    reason = "the server macro makes a struct of each function's arguments"
)]

mod activity;
#[cfg(feature = "hydrate")]
mod client;
#[cfg(feature = "ssr")]
mod event;
mod live;
mod page;
#[cfg(feature = "hydrate")]
mod socket;
#[cfg(feature = "ssr")]
mod tips;

pub use activity::{ReadLog, ReadReceipt, read_log, read_receipt};
#[cfg(feature = "hydrate")]
use client::PageClient;
#[cfg(feature = "ssr")]
pub use event::{EventAsked, OpenEvent};
#[cfg(not(feature = "hydrate"))]
use leptos::server_fn::client::browser::BrowserClient as PageClient;
pub use live::{Asked, Follow, LiveMessage, follow};
#[cfg(feature = "ssr")]
pub use page::{Ability, BrandView, Charts, Marks, Page, Reader};
pub use page::{LoadPage, Start, load_page};
#[cfg(feature = "ssr")]
pub(crate) use page::{read_marks, read_reader};
#[cfg(feature = "ssr")]
pub use page::{read_page, read_sheet};
#[cfg(feature = "ssr")]
pub use tips::{TipLine, TipsView};

#[cfg(feature = "ssr")]
use {
    crate::{context::Current, error::AppError},
    domain::filter::ViewQuery,
    leptos::prelude::use_context,
    service::{Caller, Permission, Scope, Services},
};

/// The services and the signed-in caller.
#[cfg(feature = "ssr")]
fn called() -> Result<(Services, Caller), AppError> {
    let services = use_context::<Services>().ok_or(AppError::Failed)?;
    let caller = use_context::<Current>()
        .and_then(|current| current.known)
        .map(|known| known.caller)
        .ok_or(AppError::SignedOut)?;
    Ok((services, caller))
}

/// The view a query string asks for, and the caller's scope in its account.
#[cfg(feature = "ssr")]
async fn scoped(query: &str) -> Result<(Services, Scope, ViewQuery), AppError> {
    let (services, caller) = called()?;
    let (scope, view) = scope_of(&services, &caller, query).await?;
    Ok((services, scope, view))
}

/// A caller's scope in the account of a query string, and the view it asks for.
#[cfg(feature = "ssr")]
pub(crate) async fn scope_of(
    services: &Services,
    caller: &Caller,
    query: &str,
) -> Result<(Scope, ViewQuery), AppError> {
    let (view, _) = ViewQuery::parse(query).map_err(service::ServiceError::from)?;
    let scope = services
        .scope(caller, view.account.as_deref(), Permission::Read)
        .await?;
    Ok((scope, view))
}
