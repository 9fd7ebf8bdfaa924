//! What an agency's clients see in the place of our own look.

use domain::brand::Brand;
use leptos::prelude::*;
use service::ports::Versioned as _;

use super::frame::{Ask, Frame, hidden};
use crate::{BRAND_PATH, error::AppError};

/// The page Client branding.
#[derive(Debug, Clone)]
pub struct BrandPage {
    frame: Frame,
    brand: Brand,
}

impl BrandPage {
    pub(super) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(BRAND_PATH).await?;
        if !scope.may_manage() {
            return Err(AppError::NotFound);
        }
        let brand = ask.services.brand(&scope).await?;
        Ok(Self { frame, brand })
    }

    pub(super) fn view(self) -> AnyView {
        let logo = (!self.brand.logo.is_empty()).then(|| view! {
            <img class="brand-logo" src=self.brand.logo.clone() alt="Current logo"/>
            <label class="check"><input type="checkbox" name="remove_logo" value="1"/>"Remove it"</label>
        });
        let colour = if self.brand.colour.is_empty() {
            "#4f46e5".to_owned()
        } else {
            self.brand.colour.clone()
        };
        let own = !self.brand.colour.is_empty();
        let parts = view! {
            <form class="card plain-form" method="post" action="/settings/brand" enctype="multipart/form-data">
                {hidden("account", self.frame.account.clone())}
                {hidden("next", self.frame.back())}
                {hidden("version", self.brand.version().to_string())}
                <div class="form-column">
                    <label>"Name"<input type="text" name="name" maxlength="60" value=self.brand.name.clone() placeholder="Creditscope"/>
                        <small>"Shown at the top of every page."</small></label>
                    <label>"Colour"<input type="color" name="colour" value=colour/></label>
                    <label class="check"><input type="checkbox" name="own_colour" value="1" checked=own/>"Use this colour for buttons and links"</label>
                    <label>"Logo"<input type="file" name="logo" accept="image/png,image/jpeg,image/webp,image/svg+xml"/>
                        <small>"PNG, JPEG, WebP or SVG, up to 36 kB. 48 pixels high works best."</small></label>
                    {logo}
                    <button class="button primary" type="submit">"Save"</button>
                </div>
            </form>
        };
        self.frame.clone().view(
            "Client branding",
            "Clients see your name, colour and logo instead of ours.",
            parts.into_any(),
        )
    }
}
