//! What the link of an invitation leads to.

use leptos::prelude::*;
use service::members::Welcome;

use super::{frame::hidden, members::words};
use crate::{SIGN_IN_PATH, context::Current, error::AppError, ui::Icon};

/// The page of an invitation.
#[derive(Debug, Clone)]
pub struct WelcomePage {
    welcome: Welcome,
    path: String,
    signed_in_as: Option<String>,
    problem: Option<String>,
}

impl WelcomePage {
    /// Reads what an invitation says. `problem` is why accepting it did not work.
    ///
    /// # Errors
    /// There is no such invitation, or it was used.
    pub async fn read(
        services: &service::Services,
        current: &Current,
        secret: &str,
        problem: Option<String>,
    ) -> Result<Self, AppError> {
        let user = current.known.as_ref().and_then(|known| known.user.as_ref());
        Ok(Self {
            welcome: services.welcome(secret).await?,
            path: format!("/invitations/{secret}"),
            signed_in_as: user.map(|user| user.email.clone()),
            problem,
        })
    }

    pub(in crate::pages) fn view(self) -> AnyView {
        let Self {
            welcome,
            path,
            signed_in_as,
            problem,
        } = self;
        let (role, may) = words(welcome.role);
        let lead = format!(
            "{} invited {} to {}. Role: {role} ({may}).",
            welcome.invited_by, welcome.email, welcome.account.name
        );
        let is_right_person = signed_in_as.as_deref() == Some(&welcome.email);
        let form = match (is_right_person, welcome.is_known) {
            (true, _) => view! {
                <button class="button primary" type="submit">{format!("Join {}", welcome.account.name)}</button>
            }
            .into_any(),
            (false, true) => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.append_pair("next", &path);
                let href = format!("{SIGN_IN_PATH}?{}", query.finish());
                let advice = match signed_in_as {
                    Some(other) => format!("You are signed in as {other}. Sign out, then open the link again."),
                    None => "You already have a password. Sign in to accept the invitation.".to_owned(),
                };
                view! { <p class="sign-in-lead">{advice}</p><a class="button primary" href=href rel="external">"Sign in"</a> }.into_any()
            }
            (false, false) => view! {
                <label>"Your name"<input type="text" name="name" required maxlength="120" autocomplete="name"/></label>
                <label>"Choose a password"<input type="password" name="password" required minlength="8" autocomplete="new-password"/></label>
                {hidden("email", welcome.email.clone())}
                <button class="button primary" type="submit">{format!("Join {}", welcome.account.name)}</button>
            }
            .into_any(),
        };
        view! {
            <main class="lone">
                <form class="card sign-in" method="post" action=path>
                    <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                    <h1>{format!("Join {}", welcome.account.name)}</h1>
                    <p class="sign-in-lead">{lead}</p>
                    {problem.map(|problem| view! { <p class="form-problem" role="alert">{problem}</p> })}
                    {form}
                </form>
            </main>
        }
        .into_any()
    }
}
