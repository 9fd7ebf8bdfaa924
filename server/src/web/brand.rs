//! What an agency's clients see in the place of our own look.

use app::context::Current;
use axum::{
    Extension,
    extract::{Multipart, Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::brand::{Brand, MAX_LOGO_BYTES, Palette};
use serde::Deserialize;
use service::{ServiceError, ServiceResult, Services};

use super::billing::{go_on, scope};
use crate::api::problem::Problem;

/// The account whose colour is asked for.
#[derive(Debug, Deserialize)]
pub struct SheetQuery {
    account: String,
}

/// `GET /brand.css`: the colour of an account, for those who see it.
pub async fn sheet(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Query(query): Query<SheetQuery>,
) -> Response {
    let read = async {
        let scope = scope(&services, &current, &query.account).await?;
        services.brand(&scope).await
    };
    match read.await {
        Ok(brand) => {
            let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
            (kind, css(&brand)).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Only shades that were computed come in here, never what somebody wrote.
fn css(brand: &Brand) -> String {
    let Some(Palette { light, dark }) = brand.palette() else {
        return String::new();
    };
    let pairs = [
        ("accent", light.accent, dark.accent),
        ("on-accent", light.on_accent, dark.on_accent),
        ("accent-text", light.text, dark.text),
        ("accent-soft", light.soft, dark.soft),
        ("accent-tint", light.tint, dark.tint),
    ];
    let lines =
        pairs.map(|(name, light, dark)| format!("  --{name}: light-dark({light}, {dark});\n"));
    format!(":root {{\n{}}}\n", lines.concat())
}

/// What the form sends.
#[derive(Default)]
struct BrandForm {
    account: String,
    next: Option<String>,
    name: String,
    colour: String,
    own_colour: bool,
    remove_logo: bool,
    logo: Option<String>,
}

impl BrandForm {
    async fn read(mut fields: Multipart) -> ServiceResult<Self> {
        let mut form = Self::default();
        let wrong = |_| ServiceError::invalid("body", "is not a form");
        while let Some(field) = fields.next_field().await.map_err(wrong)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "logo" {
                let kind = field.content_type().unwrap_or_default().to_owned();
                let bytes = field.bytes().await.map_err(wrong)?;
                if bytes.len() > MAX_LOGO_BYTES {
                    return Err(ServiceError::invalid("logo", "must be at most 36 kB"));
                }
                if !bytes.is_empty() {
                    form.logo = Some(format!("data:{kind};base64,{}", STANDARD.encode(&bytes)));
                }
                continue;
            }
            let text = field.text().await.map_err(wrong)?;
            match name.as_str() {
                "account" => form.account = text,
                "next" => form.next = Some(text),
                "name" => text.trim().clone_into(&mut form.name),
                "colour" => form.colour = text,
                "own_colour" => form.own_colour = true,
                "remove_logo" => form.remove_logo = true,
                other => return Err(ServiceError::invalid(other, "is not a known field")),
            }
        }
        Ok(form)
    }
}

/// `POST /settings/brand`
pub async fn change(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    fields: Multipart,
) -> Response {
    let form = match BrandForm::read(fields).await {
        Ok(form) => form,
        Err(error) => return go_on::<()>(Err(error), Some(app::BRAND_PATH), ""),
    };
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let before = services.brand(&scope).await?;
        let brand = Brand {
            name: form.name,
            colour: if form.own_colour {
                form.colour
            } else {
                String::new()
            },
            logo: match form.logo {
                Some(logo) => logo,
                None if form.remove_logo => String::new(),
                None => before.logo,
            },
        };
        services.set_brand(&scope, brand).await
    };
    go_on(done.await, form.next.as_deref(), "stored")
}
