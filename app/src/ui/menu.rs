//! A menu that opens without scripts: a `details` element full of links.

use leptos::prelude::*;

use super::Icon;

/// A button that opens a panel below it.
#[component]
pub fn Menu(
    /// What the button says.
    #[prop(into)]
    label: Signal<String>,
    /// What a screen reader is told besides, such as `Company filter`.
    #[prop(into)]
    name: String,
    /// A quiet count beside the label.
    #[prop(optional, into)]
    count: Option<Signal<Option<u32>>>,
    /// Opens towards the left, for menus at the right edge.
    #[prop(optional)]
    align_end: bool,
    /// The panel.
    children: Children,
) -> impl IntoView {
    let spoken = move || {
        let count = count
            .and_then(|count| count.get())
            .map(|count| format!(" {count}"));
        format!("{name}: {}{}", label.get(), count.unwrap_or_default())
    };
    view! {
        <details class="menu" class:align-end=align_end>
            <summary class="button" aria-label=spoken>
                <span class="button-label">{label}</span>
                {count.map(|count| view! { " "<span class="button-count">{move || count.get()}</span> })}
                {Icon::ChevronDown.view()}
            </summary>
            <div class="menu-panel">{children()}</div>
        </details>
    }
}

/// A file in a menu.
#[component]
pub fn MenuFile(
    /// What is in it.
    label: &'static str,
    /// Its form, and what there is to say of it.
    hint: &'static str,
    /// Where it is.
    #[prop(into)]
    href: Signal<String>,
) -> impl IntoView {
    view! {
        <a class="menu-item tall" href=href download="" rel="external">
            <span class="menu-check">{Icon::Download.view()}</span>
            <span class="menu-label">{label}<span class="menu-hint">{hint}</span></span>
        </a>
    }
}

/// A link in a menu, marked when it is chosen.
#[component]
pub fn MenuItem(
    /// What it says.
    #[prop(into)]
    label: String,
    /// Where it leads.
    #[prop(into)]
    href: Signal<String>,
    /// Whether it is chosen.
    #[prop(into)]
    chosen: Signal<bool>,
    /// A coloured dot before the label: the class that sets the colour.
    #[prop(optional, into)]
    dot: Option<String>,
) -> impl IntoView {
    view! {
        <a class="menu-item" href=href data-noscroll="" aria-current=move || chosen.get().then_some("true")>
            <span class="menu-check">{move || chosen.get().then(|| Icon::Check.view())}</span>
            {dot.map(|dot| view! { <span class=format!("dot {dot}")></span> })}
            <span class="menu-label">{label}</span>
        </a>
    }
}
