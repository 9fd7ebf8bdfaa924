//! Elements whose content or attributes are figures that changes move.

use std::fmt::Write as _;

use leptos::{prelude::*, tachys::html::InertElement};

use crate::{
    figures::{FIGURE, Figure, Shown, figures},
    ui::escape,
};

/// What the figures of a page say.
pub struct Said(Vec<Figure>);

impl Said {
    /// Of what is shown.
    pub fn of(shown: Shown) -> Self {
        Self(figures(shown))
    }

    fn figure(&self, name: &str) -> Option<&Figure> {
        self.0.iter().find(|figure| figure.name == name)
    }

    /// Whether an element is not there just now.
    pub fn is_hidden(&self, name: &str) -> bool {
        self.attribute(name, "hidden").is_some()
    }

    /// An attribute of an element.
    pub fn attribute(&self, name: &str, attribute: &str) -> Option<String> {
        let attributes = &self.figure(name)?.attributes;
        let found = attributes.iter().find(|(of, _)| *of == attribute)?;
        found.1.clone()
    }

    /// An element that is a figure; `fixed` are its attributes that never change.
    pub fn element(&self, tag: &str, fixed: &str, name: &str) -> AnyView {
        InertElement::new(self.html(tag, fixed, name)).into_any()
    }

    /// A text.
    pub fn text(&self, name: &str) -> AnyView {
        self.element("span", "", name)
    }

    /// Credits as people read them in headings and cards: whole, and exact on hover and focus.
    pub fn amount(&self, name: &str) -> AnyView {
        self.element("span", "class=\"amount\"", name)
    }

    fn html(&self, tag: &str, fixed: &str, name: &str) -> String {
        let mut html = format!("<{tag} {FIGURE}=\"{name}\" {fixed}");
        let figure = self.figure(name);
        for (attribute, value) in figure.iter().flat_map(|figure| &figure.attributes) {
            if let Some(value) = value {
                let _ = write!(html, " {attribute}=\"{}\"", escape(value));
            }
        }
        let inner = figure.and_then(|figure| figure.inner.as_deref());
        html + ">" + inner.unwrap_or_default() + "</" + tag + ">"
    }
}
