//! A person's second factor: set up, used, and removed.

use std::fmt::Write as _;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};
use service::second_factor::SecondFactorView;

use crate::{SECOND_FACTOR_PATH, SIGN_IN_PATH, YOU_PATH, ui::Icon};

/// The margin that readers of QR codes need, in modules.
const QUIET: i32 = 4;

/// A page about a second factor.
#[derive(Debug, Clone)]
pub enum SecondFactorPage {
    /// Asks for the code after the password.
    Step {
        /// Why the last one did not do.
        problem: Option<String>,
    },
    /// Shows what an app needs, and asks for a code of it.
    SetUp {
        /// What the person has.
        view: SecondFactorView,
        /// What codes are computed from.
        secret: String,
        /// Why the last code did not do.
        problem: Option<String>,
    },
    /// Shows what the person has.
    Status {
        /// What the person has.
        view: SecondFactorView,
        /// Why something did not work.
        problem: Option<String>,
    },
    /// Shows recovery codes, this once.
    Codes(Vec<String>),
}

impl SecondFactorPage {
    pub(in crate::pages) const fn title(&self) -> &'static str {
        match self {
            Self::Step { .. } => "Sign in · Creditscope",
            _ => "Two-step sign-in · Creditscope",
        }
    }

    pub(in crate::pages) fn view(self) -> AnyView {
        let card = match self {
            Self::Step { problem } => step(problem),
            Self::SetUp {
                view,
                secret,
                problem,
            } => set_up(&view, secret, problem),
            Self::Status { view, problem } => status(&view, problem),
            Self::Codes(codes) => recovery(codes),
        };
        view! {
            <main class="lone">
                <section class="card sign-in">
                    <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                    {card}
                </section>
            </main>
        }
        .into_any()
    }
}

fn told(problem: Option<String>) -> impl IntoView {
    problem.map(|problem| view! { <p class="form-problem" role="alert">{problem}</p> })
}

fn code_field() -> impl IntoView {
    view! {
        <label>"Code"<input type="text" name="code" required autofocus maxlength="40" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"/></label>
    }
}

fn step(problem: Option<String>) -> AnyView {
    view! {
        <form class="sign-in-step" method="post" action="/sign-in/code">
            <h1>"Enter your code"</h1>
            <p class="sign-in-lead">"Open your authenticator app and enter the code it shows, or enter a recovery code."</p>
            {told(problem)}
            {code_field()}
            <button class="button primary" type="submit">"Sign in"</button>
            <a href=SIGN_IN_PATH rel="external">"Go to sign-in"</a>
        </form>
    }
    .into_any()
}

fn set_up(view: &SecondFactorView, secret: String, problem: Option<String>) -> AnyView {
    let lead = if view.is_demanded {
        "Your role needs a second factor. Scan the code with an authenticator app, then enter the code it shows."
    } else {
        "Scan the code with an authenticator app, then enter the code it shows. From then on you are asked for one after your password."
    };
    let spaced: Vec<_> = secret
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    let back = (!view.is_demanded)
        .then(|| view! { <a href=YOU_PATH rel="external">"Go to your account"</a> });
    view! {
        <form class="sign-in-step" method="post" action=format!("{SECOND_FACTOR_PATH}/set")>
            <h1>"Set up two-step sign-in"</h1>
            <p class="sign-in-lead">{lead}</p>
            {told(problem)}
            {qr_code(&address(&view.email, &secret))}
            <p>"Or enter this key in the app: "<code data-testid="authenticator-secret">{spaced.join(" ")}</code></p>
            <input type="hidden" name="secret" value=secret/>
            {code_field()}
            <button class="button primary" type="submit">"Turn on"</button>
        </form>
        {back}
        {sign_out()}
    }
    .into_any()
}

fn status(view: &SecondFactorView, problem: Option<String>) -> AnyView {
    let left = match view.codes_left {
        1 => "1 recovery code is left.".to_owned(),
        left => format!("{left} recovery codes are left."),
    };
    view! {
        <h1>"Two-step sign-in is on"</h1>
        <p class="sign-in-lead">{format!("You are asked for a code after your password. {left}")}</p>
        {told(problem)}
        <form method="post" action=format!("{SECOND_FACTOR_PATH}/codes")><button class="button" type="submit">"Create new recovery codes"</button></form>
        <form method="post" action=format!("{SECOND_FACTOR_PATH}/remove")><button class="button" type="submit">"Turn off"</button></form>
        <a href=YOU_PATH rel="external">"Go to your account"</a>
    }
    .into_any()
}

fn recovery(codes: Vec<String>) -> AnyView {
    let lines: Vec<_> = codes
        .into_iter()
        .map(|code| view! { <li><code>{code}</code></li> })
        .collect();
    view! {
        <h1>"Save your recovery codes"</h1>
        <p class="sign-in-lead">"Each of them replaces a code of your app once, when you do not have it. They are shown only now."</p>
        <ol class="recovery-codes" data-testid="recovery-codes">{lines}</ol>
        <a class="button primary" href=YOU_PATH rel="external">"I saved them"</a>
    }
    .into_any()
}

/// The way out for somebody who may do nothing else.
fn sign_out() -> impl IntoView {
    view! { <form method="post" action="/sign-out"><button class="quiet-button" type="submit">"Sign out"</button></form> }
}

/// What apps read: the key, and how its entry is called.
fn address(email: &str, secret: &str) -> String {
    let email: String = form_urlencoded::byte_serialize(email.as_bytes()).collect();
    format!(
        "otpauth://totp/Creditscope:{email}?secret={secret}&issuer=Creditscope&algorithm=SHA1&digits=6&period=30"
    )
}

/// A QR code, drawn without styles or scripts.
fn qr_code(text: &str) -> Option<AnyView> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut dark = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            let _ = write!(dark, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let whole = size + 2 * QUIET;
    let view_box = format!("0 0 {whole} {whole}");
    Some(
        view! {
            <svg class="qr-code" viewBox=view_box role="img" aria-label="QR code for your authenticator app" shape-rendering="crispEdges">
                <rect width=whole.to_string() height=whole.to_string() fill="#fff"/>
                <path d=dark fill="#000"/>
            </svg>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_read_what_the_code_says() {
        assert_eq!(
            address("zo\u{eb}+x@example.com", "ABC"),
            "otpauth://totp/Creditscope:zo%C3%AB%2Bx%40example.com?secret=ABC&issuer=Creditscope&algorithm=SHA1&digits=6&period=30"
        );
        assert!(qr_code(&address(&"a".repeat(250), &"A".repeat(32))).is_some());
    }
}
