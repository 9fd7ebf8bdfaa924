//! Signing in, with a plain form that needs no scripts.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::ui::Icon;

/// E-mail address and password.
#[component]
pub fn SignIn() -> impl IntoView {
    let query = use_query_map();
    let next = move || query.read().get("next").unwrap_or_default();
    let problem = move || match query.read().get("failed").as_deref() {
        None => None,
        Some("rate") => Some("Too many tries. Wait a minute, then try again."),
        Some(_) => {
            Some("This e-mail address and password do not go together. Check both and try again.")
        }
    };
    view! {
        <main class="lone">
            <form class="card sign-in" method="post" action="/sign-in">
                <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                <h1>"Sign in"</h1>
                <p class="sign-in-lead">"See what your AI agents spend, credit by credit."</p>
                {move || problem().map(|problem| view! { <p class="form-problem" role="alert">{problem}</p> })}
                <label>"E-mail address"<input type="email" name="email" autocomplete="username" required autofocus/></label>
                <label>"Password"<input type="password" name="password" autocomplete="current-password" required/></label>
                <input type="hidden" name="next" value=next/>
                <button class="button primary" type="submit">"Sign in"</button>
            </form>
        </main>
    }
}
