//! Signing in, with a plain form that needs no scripts.

use leptos::prelude::*;

use crate::ui::Icon;

/// A sign-in that did not do: never which of both is wrong.
#[derive(Debug, Clone)]
pub struct RefusedSignIn {
    /// The address that was entered.
    pub email: String,
    /// Why, and what to do.
    pub problem: String,
}

/// E-mail address and password.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a component owns its properties"
)]
#[component]
pub fn SignIn(
    /// The address's query string.
    query: String,
    /// What the button of single sign-on says; there is none when none.
    sign_on: Option<String>,
    /// What was entered a moment ago and did not do.
    refused: Option<RefusedSignIn>,
) -> impl IntoView {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(named, _)| named == name)
            .map(|(_, value)| value.into_owned())
    };
    let next = value("next").unwrap_or_default();
    let is_refused = refused.is_some();
    let (email, problem) =
        refused.map_or_else(Default::default, |refused| (refused.email, refused.problem));
    let problem = is_refused.then(
        || view! { <p class="field-problem" id="sign-in-problem" role="alert">{problem}</p> },
    );
    let (invalid, described) = (
        is_refused.then_some("true"),
        is_refused.then_some("sign-in-problem"),
    );
    let done = (value("done").as_deref() == Some("password"))
        .then_some("Your password is changed. Sign in with the new one.");
    let other_way = sign_on.map(|name| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("next", &next);
        let href = format!("/sign-in/sso?{}", query.finish());
        view! {
            <p class="or"><span>"or"</span></p>
            <a class="button" href=href rel="external" data-testid="sso">{format!("Sign in with {name}")}</a>
        }
    });
    view! {
        <main class="lone">
            <form class="card sign-in" method="post" action=crate::SIGN_IN_PATH>
                <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                <h1>"Sign in"</h1>
                <p class="sign-in-lead">"See what your AI agents spend, credit by credit."</p>
                {done.map(|text| view! { <p class="form-done" role="status">{text}</p> })}
                <label>"Email"<input type="email" name="email" value=email autocomplete="username" required autofocus=!is_refused/></label>
                <div class="field">
                    <label for="sign-in-password">"Password"</label>
                    <input id="sign-in-password" type="password" name="password" autocomplete="current-password" required autofocus=is_refused aria-invalid=invalid aria-describedby=described/>
                    {problem}
                </div>
                <input type="hidden" name="next" value=next/>
                <button class="button primary" type="submit">"Sign in"</button>
                <a class="forgot" href=crate::FORGOT_PATH rel="external">"Forgot password?"</a>
                {other_way}
            </form>
        </main>
    }
}
