//! The page that asks again who somebody is, before a sensitive act.

use leptos::prelude::*;

use super::passkeys;
use crate::{AGAIN_PATH, SECOND_FACTOR_PATH, ui::Icon};

/// A page before a sensitive act.
#[derive(Debug, Clone)]
pub enum ConfirmPage {
    /// Asks who it is, and carries what was typed.
    Ask {
        /// Where the form led that was sent.
        path: String,
        /// Its fields.
        fields: Vec<(String, String)>,
        /// Whether the act asks each time, however lately they showed who they are.
        is_each_time: bool,
        /// Whether the person has a password.
        has_password: bool,
        /// Whether the person has a second factor, and so recovery codes.
        has_code: bool,
        /// Whether an app is one.
        has_app: bool,
        /// Whether the person may use a passkey here.
        has_passkey: bool,
        /// How whoever signs them in is called, when somebody else does.
        sign_on: Option<String>,
        /// Whether they do not say when they asked the person, so that signing in again there confirms nothing.
        is_untimed: bool,
        /// Why what they showed does not do.
        problem: Option<String>,
    },
    /// Says that the form in the other tab can be sent now.
    SignedInAgain,
}

impl ConfirmPage {
    pub(in crate::pages) fn view(self) -> AnyView {
        match self {
            Self::Ask {
                path,
                fields,
                is_each_time,
                has_password,
                has_code,
                has_app,
                has_passkey,
                sign_on,
                is_untimed,
                problem,
            } => {
                let hidden: Vec<_> = fields
                    .into_iter()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                    .collect();
                let lead = if is_each_time {
                    "This needs your second factor each time. A recovery code will do."
                } else if is_untimed {
                    "Your sign-in service does not say when it asked who you are. What you entered is kept."
                } else {
                    "You signed in more than 15 minutes ago. What you entered is kept."
                };
                let is_stuck = is_untimed && !has_password && !has_code;
                let sign_on = sign_on.filter(|_| !is_untimed);
                view! {
                    <main class="lone">
                        <form class="card sign-in" method="post" action=path data-testid="confirm">
                            <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                            <h1>"Confirm that it is you"</h1>
                            <p class="sign-in-lead">{lead}</p>
                            {problem.map(|problem| view! { <p class="form-problem" role="alert">{problem}</p> })}
                            {hidden}
                            {has_password.then(password_field)}
                            {has_code.then(|| code_field(has_password, has_app))}
                            {sign_on.map(|name| again(&name))}
                            {is_stuck.then(set_up)}
                            {(!is_stuck).then(|| view! { <button class="button primary" type="submit">"Continue"</button> })}
                            {has_passkey.then(passkeys::confirm)}
                        </form>
                    </main>
                    {has_passkey.then(passkeys::script)}
                }
                .into_any()
            }
            Self::SignedInAgain => view! {
                <main class="lone">
                    <section class="card sign-in" role="status">
                        <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                        <h1>"You are signed in again"</h1>
                        <p class="sign-in-lead">"Close this tab and continue in the other one."</p>
                    </section>
                </main>
            }
            .into_any(),
        }
    }
}

fn password_field() -> impl IntoView {
    view! { <label>"Password"<input type="password" name="confirm_password" autocomplete="current-password" autofocus/></label> }
}

fn code_field(is_choice: bool, has_app: bool) -> impl IntoView {
    let label = match (is_choice, has_app) {
        (true, true) => "Or a code from your app",
        (false, true) => "Code from your app",
        (true, false) => "Or a recovery code",
        (false, false) => "Recovery code",
    };
    view! { <label>{label}<input type="text" name="confirm_code" maxlength="40" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"/></label> }
}

/// What somebody does who has nothing to confirm with.
fn set_up() -> impl IntoView {
    view! {
        <p>"Signing in again there does not confirm that it is you. Set up a second factor, and confirm with that: sign out, sign in again, and set it up within 15 minutes."</p>
        <a class="button" href=SECOND_FACTOR_PATH rel="external">"Set up a second factor"</a>
    }
}

/// The way of somebody who signs in elsewhere: in another tab, while the form waits in this one.
fn again(name: &str) -> impl IntoView + use<> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("again", "1")
        .append_pair("next", AGAIN_PATH);
    let href = format!("/sign-in/sso?{}", query.finish());
    view! { <a class="button" href=href rel="external" target="_blank">{format!("Sign in again with {name}")}</a> }
}
