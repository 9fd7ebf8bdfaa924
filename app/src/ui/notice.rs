//! A line across the page that says something happened, in colour, icon and words.

use leptos::prelude::*;

use super::Icon;

/// How serious it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Calm,
    /// To look at.
    Warning,
    /// To act on.
    Danger,
}

impl Tone {
    /// Its classes.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Calm => "notice calm",
            Self::Warning => "notice warning",
            Self::Danger => "notice danger",
        }
    }
}

/// A notice with a bold beginning, an explanation and room for an action.
#[component]
pub fn Notice(
    /// How serious it is.
    tone: Tone,
    /// The bold beginning.
    #[prop(into)]
    title: Signal<String>,
    /// The explanation.
    #[prop(into)]
    text: Signal<String>,
    /// An action.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let icon = if tone == Tone::Danger {
        Icon::Stop
    } else {
        Icon::Warning
    };
    view! {
        <div class=tone.class() role="status">
            {icon.view()}
            <p><strong>{title}</strong>" "<span>{text}</span></p>
            {children.map(|children| view! { <div class="notice-action">{children()}</div> })}
        </div>
    }
}
