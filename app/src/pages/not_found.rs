//! An address that leads nowhere.

use leptos::prelude::*;

use crate::{components::Problem, error::AppError};

/// Says so, and leads back.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! { <main class="lone"><Problem error=AppError::NotFound/></main> }
}
