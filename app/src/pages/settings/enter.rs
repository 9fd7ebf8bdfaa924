//! What a platform's one-time link leads to: a page that sends itself on, so that only looking uses nothing up.

use leptos::{nonce::use_nonce, prelude::*};

use crate::ui::Icon;

/// Sends the form on by itself: not before a page that was made ahead is looked at, and only once. A page that comes
/// back by the back button is read again, and then leads on.
const SEND: &str = r#"const form = document.forms[0], send = () => form.requestSubmit();
form.addEventListener("submit", () => { form.querySelector("button").disabled = true; });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
if (document.prerendering) document.addEventListener("prerenderingchange", send, { once: true });
else send();"#;

/// The page of a link that signs in once. Looking at it changes nothing.
#[derive(Debug, Clone)]
pub struct EnterPage {
    /// Where the link leads, which is where its form is sent.
    pub path: String,
}

impl EnterPage {
    pub(in crate::pages) fn view(self) -> AnyView {
        view! {
            <main class="lone">
                <form class="card sign-in" method="post" action=self.path>
                    <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                    <h1>"Sign in to Creditscope"</h1>
                    <p class="sign-in-lead">"Your link signs you in once. Continue to use it."</p>
                    <button class="button primary" type="submit">"Continue"</button>
                </form>
            </main>
            <script nonce=use_nonce() inner_html=SEND></script>
        }
        .into_any()
    }
}
