//! Pages on the way back in by email.

use http::StatusCode;
use leptos::prelude::*;
use service::recovery::LinkAbout;

use crate::{FORGOT_PATH, SIGN_IN_PATH, ui::Icon};

/// A page on the way back in. Looking at one changes nothing.
#[derive(Debug, Clone)]
pub enum RecoveryPage {
    /// Asks whose password is forgotten.
    Ask,
    /// Says that a link is on its way, if the address is known.
    Sent,
    /// Says that there were too many requests, and for how many seconds to wait.
    Wait(u32),
    /// Asks for another password.
    Choose {
        /// Where the form is sent.
        path: String,
        /// Whose password it is.
        about: LinkAbout,
        /// Why the one that was chosen does not do.
        problem: Option<String>,
    },
    /// Asks whether the new address is right.
    Confirm {
        /// Where the form is sent.
        path: String,
        /// The addresses.
        about: LinkAbout,
    },
    /// Asks whether the change is to be taken back.
    Undo {
        /// Where the form is sent.
        path: String,
        /// The addresses.
        about: LinkAbout,
    },
}

impl RecoveryPage {
    pub(in crate::pages) const fn status(&self) -> StatusCode {
        match self {
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::OK,
        }
    }

    pub(in crate::pages) const fn title(&self) -> &'static str {
        match self {
            Self::Ask | Self::Sent | Self::Wait(_) => "Forgot password",
            Self::Choose { .. } => "New password",
            Self::Confirm { .. } | Self::Undo { .. } => "Email address",
        }
    }

    pub(in crate::pages) fn view(self) -> AnyView {
        match self {
            Self::Ask => ask(),
            Self::Sent => told(
                "Check your email",
                "If the address is known, a link is on its way. It works for 30 minutes, and only the latest one works."
                    .to_owned(),
            ),
            Self::Wait(seconds) => told(
                "Too many attempts",
                format!("Try again in {seconds} s."),
            ),
            Self::Choose { path, about, problem } => choose(path, &about, problem),
            Self::Confirm { path, about } => confirm(path, &about),
            Self::Undo { path, about } => undo(path, &about),
        }
    }
}

fn ask() -> AnyView {
    let fields = view! {
        <label>"Email"<input type="email" name="email" autocomplete="username" required autofocus/></label>
        <button class="button primary" type="submit">"Send link"</button>
        <a href=SIGN_IN_PATH rel="external">"Go to sign-in"</a>
    };
    card(
        FORGOT_PATH.to_owned(),
        "Forgot password?",
        "Enter your email address. You receive a link to choose a new password.".to_owned(),
        None,
        fields.into_any(),
    )
}

fn choose(path: String, about: &LinkAbout, problem: Option<String>) -> AnyView {
    let fields = view! {
        <input type="hidden" name="username" autocomplete="username" value=about.email.clone()/>
        <label>"New password"<input type="password" name="password" required minlength="8" autocomplete="new-password" autofocus/></label>
        <button class="button primary" type="submit">"Change password"</button>
    };
    card(
        path,
        "Choose a new password",
        format!("For {}. All sessions are signed out.", about.email),
        problem,
        fields.into_any(),
    )
}

fn confirm(path: String, about: &LinkAbout) -> AnyView {
    let button = view! { <button class="button primary" type="submit">"Use this address"</button> };
    card(
        path,
        "Confirm your new email address",
        format!(
            "You sign in with {} from now on, no longer with {}.",
            about.email, about.now
        ),
        None,
        button.into_any(),
    )
}

fn undo(path: String, about: &LinkAbout) -> AnyView {
    let button = view! { <button class="button primary" type="submit">"Undo the change"</button> };
    card(
        path,
        "Undo the change of your email address?",
        format!(
            "You sign in with {} again, no longer with {}. All sessions are signed out, recovery codes are \
             removed, and you choose a new password.",
            about.email, about.now
        ),
        None,
        button.into_any(),
    )
}

fn card(
    path: String,
    title: &'static str,
    lead: String,
    problem: Option<String>,
    fields: AnyView,
) -> AnyView {
    view! {
        <main class="lone">
            <form class="card sign-in" method="post" action=path>
                <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                <h1>{title}</h1>
                <p class="sign-in-lead">{lead}</p>
                {problem.map(|problem| view! { <p class="form-problem" role="alert">{problem}</p> })}
                {fields}
            </form>
        </main>
    }
    .into_any()
}

fn told(title: &'static str, text: String) -> AnyView {
    view! {
        <main class="lone">
            <section class="card sign-in" role="status">
                <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                <h1>{title}</h1>
                <p class="sign-in-lead">{text}</p>
                <a class="button" href=SIGN_IN_PATH rel="external">"Go to sign-in"</a>
            </section>
        </main>
    }
    .into_any()
}
