//! A link that can be copied.

use leptos::prelude::*;

use super::{Icon, Lifetime};

/// What the button says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Copied,
    Failed,
}

/// A link, and a button that copies its address.
#[component]
pub fn CopyLink(
    /// What the link says.
    label: &'static str,
    /// Where it leads.
    href: String,
) -> impl IntoView {
    let said = RwSignal::new(Said::Nothing);
    let text = move || match said.get() {
        Said::Nothing => "Copy",
        Said::Copied => "Copied",
        Said::Failed => "Copy it from the link's menu",
    };
    let address = href.clone();
    let lifetime = Lifetime::of_component();
    view! {
        <span class="copy-link">
            <a class="quiet-button" href=href>{Icon::Link.view()}{label}</a>
            <button class="quiet-button needs-script" type="button" aria-label="Copy the link" on:click=move |_| copy(lifetime, address.clone(), said)>
                {move || (said.get() == Said::Copied).then(|| Icon::Check.view())}
                <span role="status">{text}</span>
            </button>
        </span>
    }
}

#[cfg(not(feature = "hydrate"))]
fn copy(_: Lifetime, _: String, said: RwSignal<Said>) {
    said.set(Said::Failed);
}

#[cfg(feature = "hydrate")]
fn copy(lifetime: Lifetime, address: String, said: RwSignal<Said>) {
    /// How long the button says what became of it.
    const SAID_FOR: std::time::Duration = std::time::Duration::from_secs(3);
    lifetime.spawn(async move {
        let is_copied = super::browser::copy_address(&address).await;
        said.set(if is_copied {
            Said::Copied
        } else {
            Said::Failed
        });
        super::browser::sleep(SAID_FOR).await;
        said.set(Said::Nothing);
    });
}
