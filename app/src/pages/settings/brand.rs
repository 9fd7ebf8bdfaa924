//! What an agency's clients see in the place of our own look.

use domain::brand::Brand;
use leptos::prelude::*;
use service::ports::Versioned as _;

use super::FramedPage;
use super::frame::{Ask, Frame, hidden};
use crate::{BRAND_PATH, error::AppError, forms::Field};

/// The page Client branding.
#[derive(Debug, Clone)]
pub struct BrandPage {
    frame: Frame,
    brand: Brand,
}

impl FramedPage for BrandPage {
    const PATH: &'static str = BRAND_PATH;
    const TITLE: &'static str = "Client branding";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(BRAND_PATH).await?;
        if !scope.may_manage() {
            return Err(AppError::NotFound);
        }
        let brand = ask.services.brand(&scope).await?;
        Ok(Self { frame, brand })
    }

    fn view(self) -> AnyView {
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
        let form = self.frame.form("brand", BRAND_PATH, &[]);
        let name = Field::text("name", "Name")
            .stored(self.brand.name.clone())
            .max("60")
            .empty("Creditscope")
            .hint("Shown at the top of every page.")
            .view(&form);
        let colour = Field::text("colour", "Colour")
            .of_kind("color")
            .stored(colour)
            .view(&form);
        let own = form.is_checked("own_colour", own);
        let (marks, wrong) = (form.marks("logo", true), form.under("logo", "Logo"));
        let foot = form.foot();
        let parts = view! {
            <form class="card plain-form" method="post" action=BRAND_PATH enctype="multipart/form-data" novalidate>
                {self.frame.places(None)}
                {hidden("version", self.brand.version().to_string())}
                <div class="form-column">
                    {name}
                    {colour}
                    <label class="check"><input type="checkbox" name="own_colour" value="1" checked=own/>"Use this colour for buttons and links"</label>
                    <div class="field">
                        <label for=marks.id.clone()>"Logo"</label>
                        <input id=marks.id.clone() type="file" name="logo" accept="image/png,image/jpeg,image/webp,image/svg+xml" aria-invalid=marks.invalid aria-describedby=marks.described autofocus=marks.focus/>
                        {wrong}
                        <small id=format!("{}-hint", marks.id)>"PNG, JPEG, WebP or SVG, up to 36 kB. 48 pixels high works best."</small>
                    </div>
                    {logo}
                    {foot}
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
