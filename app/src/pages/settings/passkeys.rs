//! A person's passkeys: listed, added, used.

use domain::calendar::Zone;
use leptos::{nonce::use_nonce, prelude::*};
use service::passkeys::{MAX_PASSKEY_NAME_CHARS, MAX_PASSKEYS, PasskeyView};

use super::frame::{at, hidden};
use crate::{
    CONFIRM_PASSKEY_PATH, SECOND_FACTOR_PATH, SIGN_IN_PASSKEY_PATH,
    pages::settings::second_factor::told,
};

/// What makes browsers ask for passkeys. Without it the buttons stay hidden.
const SCRIPT: &str = include_str!("passkeys.js");

/// The script of a page with a button.
pub(super) fn script() -> impl IntoView {
    // In a scope of its own: a reader may come to a page with it more than once.
    let lines = ["(() => {", SCRIPT, "})();"].concat();
    view! { <script nonce=use_nonce() inner_html=lines></script> }
}

/// What stands in the place of a button until the script runs, which takes it away, and what the script says.
fn around(id: &'static str, without: &'static str) -> impl IntoView {
    view! {
        <p class="form-problem" role="alert" id=id hidden></p>
        <p class="sign-in-note" data-without-script>{without}</p>
    }
}

/// The second step with a passkey, beside the form for codes.
pub(super) fn second_step() -> impl IntoView {
    view! {
        <form class="sign-in-step" method="post" action="/sign-in/code">
            {hidden("passkey", "")}
            {around("passkey-says", "Passkeys need scripts, which are off. Use a code instead.")}
            <button class="button primary" type="submit" hidden data-passkey="get" data-ask=SIGN_IN_PASSKEY_PATH data-field="passkey" data-says="passkey-says">"Use a passkey"</button>
        </form>
    }
}

/// A button of the form that asks again who somebody is. It stands behind the form's own button, which the enter key
/// presses.
pub(super) fn confirm() -> impl IntoView {
    view! {
        {hidden("confirm_passkey", "")}
        <button class="button" type="submit" hidden data-passkey="get" data-ask=CONFIRM_PASSKEY_PATH data-field="confirm_passkey" data-says="passkey-says">"Use a passkey"</button>
        {around("passkey-says", "Passkeys need scripts, which are off.")}
    }
}

/// Names a new passkey and makes it.
pub(super) fn add(options: String, name: String, problem: Option<String>) -> AnyView {
    view! {
        <form class="sign-in-step" method="post" action=format!("{SECOND_FACTOR_PATH}/passkeys/add")>
            <h1>"Add a passkey"</h1>
            <p class="sign-in-lead">"Name it, then do what your browser asks for."</p>
            {told(problem)}
            <label>"Name"<input type="text" name="name" value=name required maxlength=MAX_PASSKEY_NAME_CHARS.to_string() autocomplete="off"/></label>
            {hidden("passkey", "")}
            {around("passkey-says", "Passkeys need scripts, which are off. Use an authenticator app instead.")}
            <button class="button primary" type="submit" hidden data-passkey="create" data-options=options data-field="passkey" data-says="passkey-says">"Create passkey"</button>
            <a href=SECOND_FACTOR_PATH rel="external">"Cancel"</a>
        </form>
        {script()}
    }
    .into_any()
}

/// Leads to the page that adds a passkey.
pub(super) fn begin(can_add: bool, is_primary: bool) -> AnyView {
    if !can_add {
        return view! { <p class="sign-in-note">"Passkeys are not available at this address. They need HTTPS and a host name."</p> }
            .into_any();
    }
    let class = if is_primary {
        "button primary"
    } else {
        "button"
    };
    view! { <form method="post" action=format!("{SECOND_FACTOR_PATH}/passkeys/new")><button class=class type="submit">"Add a passkey"</button></form> }
        .into_any()
}

/// The passkeys that somebody has.
pub(super) fn list(passkeys: Vec<PasskeyView>, can_add: bool) -> AnyView {
    let is_full = passkeys.len() >= MAX_PASSKEYS as usize;
    let rows: Vec<_> = passkeys.into_iter().map(row).collect();
    let rows = (!rows.is_empty())
        .then(|| view! { <ul class="factor-list" data-testid="passkeys">{rows}</ul> });
    let add = if is_full {
        view! { <p class="sign-in-note">{format!("You have {MAX_PASSKEYS} passkeys, which is the most.")}</p> }.into_any()
    } else {
        begin(can_add, false)
    };
    view! {
        <section class="factor" aria-labelledby="passkeys">
            <h2 id="passkeys">"Passkeys"</h2>
            {rows}
            {add}
        </section>
    }
    .into_any()
}

fn row(passkey: PasskeyView) -> impl IntoView {
    let zone = Zone::utc();
    let used = passkey.last_used_at.map_or_else(
        || "not used yet".to_owned(),
        |used| format!("last used {} UTC", at(used, &zone)),
    );
    let since = format!("Added {} UTC · {used}", at(passkey.created_at, &zone));
    let elsewhere = passkey.made_for.map(|host| {
        view! { <small class="state bad">{format!("Works at {host} only")}</small> }
    });
    let label = format!("Remove {}", passkey.name);
    view! {
        <li>
            <p><b>{passkey.name}</b><small>{since}</small>{elsewhere}</p>
            <form method="post" action=format!("{SECOND_FACTOR_PATH}/passkeys/remove")>
                {hidden("passkey", passkey.id)}
                <button class="quiet-button" type="submit" aria-label=label>"Remove"</button>
            </form>
        </li>
    }
}
