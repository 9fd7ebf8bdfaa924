//! What an agency's clients see in the place of our own look.

use app::{context::Current, forms::Done};
use axum::{
    Extension,
    extract::{Multipart, Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::brand::{Brand, MAX_LOGO_BYTES, Palette};
use serde::Deserialize;
use service::{
    ServiceError, ServiceResult, Services,
    ports::{Expected, Versioned as _},
};

use super::{
    billing::scope,
    fields::Fields,
    outcome::finish_with,
    stale::{self, Outdated, field},
};
use crate::{AppState, api::problem::Problem};

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
    version: Option<String>,
}

impl BrandForm {
    /// What was sent, and the first thing that is wrong with it.
    async fn read(fields: Multipart) -> (Self, Option<ServiceError>) {
        let mut form = Self::default();
        let error = form.fill(fields).await.err();
        (form, error)
    }

    /// Takes all fields in: what is wrong is said once the others are read as well, so that they are kept.
    async fn fill(&mut self, mut fields: Multipart) -> ServiceResult<()> {
        let (form, mut found) = (self, Ok(()));
        let wrong = |_| ServiceError::invalid("body", "is not a form");
        while let Some(field) = fields.next_field().await.map_err(wrong)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "logo" {
                let kind = field.content_type().unwrap_or_default().to_owned();
                let bytes = field.bytes().await.map_err(wrong)?;
                if bytes.len() > MAX_LOGO_BYTES {
                    found = Err(ServiceError::invalid("logo", "must be at most 36 kB"));
                    continue;
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
                "version" => form.version = Some(text),
                // As the page of a form that was out of date sends it again.
                "sent_logo" => form.logo = Some(text),
                other => return Err(ServiceError::invalid(other, "is not a known field")),
            }
        }
        found
    }

    /// What the form shows again when it is refused: no browser takes a file back.
    fn entered(&self) -> Fields {
        let mut fields = vec![
            ("account".to_owned(), self.account.clone()),
            ("name".to_owned(), self.name.clone()),
            ("colour".to_owned(), self.colour.clone()),
        ];
        let boxes = [
            ("own_colour", self.own_colour),
            ("remove_logo", self.remove_logo),
        ];
        let checked = boxes.into_iter().filter(|(_, is_on)| *is_on);
        fields.extend(checked.map(|(name, _)| (name.to_owned(), "1".to_owned())));
        fields
    }

    /// The look that was chosen; the logo stays when nothing was said of it.
    fn brand(&self, logo: String) -> Brand {
        Brand {
            name: self.name.clone(),
            colour: if self.own_colour {
                self.colour.clone()
            } else {
                String::new()
            },
            logo: match &self.logo {
                Some(logo) => logo.clone(),
                None if self.remove_logo => String::new(),
                None => logo,
            },
        }
    }

    /// What is stored by now, beside what was sent.
    fn outdated(&self, yours: &Brand, now: &Brand) -> Outdated {
        let mut sent = vec![
            ("account".to_owned(), self.account.clone()),
            ("name".to_owned(), self.name.clone()),
            ("colour".to_owned(), self.colour.clone()),
        ];
        sent.extend(
            self.own_colour
                .then(|| ("own_colour".to_owned(), "1".to_owned())),
        );
        sent.extend(
            self.remove_logo
                .then(|| ("remove_logo".to_owned(), "1".to_owned())),
        );
        let logo = self.logo.clone();
        sent.extend(logo.map(|logo| ("sent_logo".to_owned(), logo)));
        let is_there = |logo: &str| if logo.is_empty() { "" } else { "A logo" };
        let other = yours.logo != now.logo && !yours.logo.is_empty();
        let your_logo = if other {
            "Another logo"
        } else {
            is_there(&yours.logo)
        };
        Outdated {
            what: "Client branding".to_owned(),
            action: "/settings/brand",
            has_files: true,
            fields: vec![
                field("Name", yours.name.clone(), now.name.clone()),
                field("Colour", yours.colour.clone(), now.colour.clone()),
                field("Logo", your_logo.to_owned(), is_there(&now.logo).to_owned()),
            ],
            sent,
            version: now.version(),
        }
    }
}

/// `POST /settings/brand`
pub async fn change(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    fields: Multipart,
) -> Response {
    let (form, wrong) = BrandForm::read(fields).await;
    if let Some(error) = wrong {
        return finish_with(Err(error), form.next.as_deref(), Some(form.entered()));
    }
    let services = &state.services;
    let done = async {
        let scope = scope(services, &current, &form.account).await?;
        let expected = stale::version(form.version.as_deref())?;
        let before = services.brand(&scope).await?;
        // The logo that is kept is the one of this version.
        let expected = Expected::version(expected.unwrap_or_else(|| before.version()));
        let brand = form.brand(before.logo);
        match services
            .set_brand_if(&scope, brand.clone(), &expected)
            .await
        {
            Err(ServiceError::Stale) => {
                let now = services.brand(&scope).await?;
                Ok(Err(form.outdated(&brand, &now)))
            }
            set => set.map(|()| {
                Ok(Done::said(
                    "Client branding is saved: clients see it from now on.",
                ))
            }),
        }
    }
    .await;
    let next = form.next.as_deref();
    match done {
        Err(error) => finish_with(Err(error), next, Some(form.entered())),
        done => stale::go_on(&state, current, done, next).await,
    }
}
