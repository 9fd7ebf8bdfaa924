//! A person's second factor: set up, used, and removed.

use std::fmt::Write as _;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};
use service::{passkeys::PasskeyView, second_factor::SecondFactorView};

use super::passkeys;
use crate::{SECOND_FACTOR_PATH, SIGN_IN_PATH, YOU_PATH, ui::Icon};

/// The margin that readers of QR codes need, in modules.
const QUIET: i32 = 4;

/// A page about a second factor.
#[derive(Debug, Clone)]
pub enum SecondFactorPage {
    /// Asks for a passkey or a code after the password.
    Step {
        /// Whether the person may use a passkey here.
        has_passkey: bool,
        /// Whether the person has an app.
        has_app: bool,
        /// Why the last one did not do.
        problem: Option<String>,
    },
    /// Shows what an app needs, and asks for a code of it.
    SetUp {
        /// What the person has.
        view: SecondFactorView,
        /// What codes are computed from.
        secret: String,
        /// Whether passkeys can be added here.
        can_add: bool,
        /// Why the last code did not do.
        problem: Option<String>,
    },
    /// Shows what the person has.
    Status {
        /// What the person has.
        view: SecondFactorView,
        /// Their passkeys.
        passkeys: Vec<PasskeyView>,
        /// Whether passkeys can be added here.
        can_add: bool,
        /// Why something did not work.
        problem: Option<String>,
    },
    /// Names a new passkey and makes it.
    AddPasskey {
        /// What the browser is asked for, in JSON.
        options: String,
        /// What it is called, unless the person changes it.
        name: String,
        /// Why the last one did not do.
        problem: Option<String>,
    },
    /// Shows recovery codes, this once.
    Codes(Vec<String>),
}

impl SecondFactorPage {
    pub(in crate::pages) const fn title(&self) -> &'static str {
        match self {
            Self::Step { .. } => "Sign in",
            _ => "Two-step sign-in",
        }
    }

    pub(in crate::pages) fn view(self) -> AnyView {
        // What somebody has of second factors needs more room than a field or two.
        let class = if matches!(self, Self::SetUp { .. } | Self::Status { .. }) {
            "card sign-in second-factor"
        } else {
            "card sign-in"
        };
        let card = match self {
            Self::Step {
                has_passkey,
                has_app,
                problem,
            } => step(has_passkey, has_app, problem),
            Self::SetUp {
                view,
                secret,
                can_add,
                problem,
            } => set_up(&view, secret, can_add, problem),
            Self::Status {
                view,
                passkeys,
                can_add,
                problem,
            } => status(&view, passkeys, can_add, problem),
            Self::AddPasskey {
                options,
                name,
                problem,
            } => passkeys::add(options, name, problem),
            Self::Codes(codes) => recovery(codes),
        };
        view! {
            <main class="lone">
                <section class=class>
                    <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                    {card}
                </section>
            </main>
        }
        .into_any()
    }
}

pub(super) fn told(problem: Option<String>) -> impl IntoView {
    problem.map(|problem| view! { <p class="form-problem" role="alert">{problem}</p> })
}

fn code_field(label: &'static str, is_focused: bool) -> impl IntoView {
    view! {
        <label>{label}<input type="text" name="code" required autofocus=is_focused maxlength="40" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"/></label>
    }
}

fn step(has_passkey: bool, has_app: bool, problem: Option<String>) -> AnyView {
    let (title, lead) = match (has_passkey, has_app) {
        (true, _) => (
            "Confirm that it is you",
            "Use your passkey: your device asks for your fingerprint, face or PIN.",
        ),
        (false, true) => (
            "Enter your code",
            "Open your authenticator app and enter the code it shows, or enter a recovery code.",
        ),
        (false, false) => (
            "Enter your code",
            "Your passkeys do not work at this address. Enter a recovery code.",
        ),
    };
    let label = match (has_passkey, has_app) {
        (false, true) => "Code",
        (true, true) => "Code from your app, or a recovery code",
        (_, false) => "Recovery code",
    };
    let button = if has_passkey {
        "button"
    } else {
        "button primary"
    };
    view! {
        <h1>{title}</h1>
        <p class="sign-in-lead">{lead}</p>
        {told(problem)}
        {has_passkey.then(passkeys::second_step)}
        <form class="sign-in-step" method="post" action="/sign-in/code">
            {has_passkey.then(|| view! { <h2 class="sign-in-or">"Use a code instead"</h2> })}
            {code_field(label, !has_passkey)}
            <button class=button type="submit">"Sign in"</button>
        </form>
        <a href=SIGN_IN_PATH rel="external">"Go to sign-in"</a>
        {has_passkey.then(passkeys::script)}
    }
    .into_any()
}

fn set_up(
    view: &SecondFactorView,
    secret: String,
    can_add: bool,
    problem: Option<String>,
) -> AnyView {
    let lead = if view.is_demanded && !view.is_set {
        "Your role needs a second factor. Choose what you confirm with after your password."
    } else {
        "Choose what you confirm with after your password."
    };
    let head = if view.is_set {
        view! { <h1>"Set up an authenticator app"</h1> {told(problem)} }.into_any()
    } else {
        view! {
            <h1>"Set up two-step sign-in"</h1>
            <p class="sign-in-lead">{lead}</p>
            {told(problem)}
            <section class="factor" aria-labelledby="passkeys">
                <h2 id="passkeys">"Passkey"</h2>
                <p>"Your device asks for your fingerprint, face or PIN. There is nothing to type, and nobody can trick you into giving it away."</p>
                {passkeys::begin(can_add, true)}
            </section>
        }
        .into_any()
    };
    let back = (view.is_set || !view.is_demanded).then(|| {
        let (href, label) = if view.is_set {
            (SECOND_FACTOR_PATH, "Cancel")
        } else {
            (YOU_PATH, "Go to your account")
        };
        view! { <a href=href rel="external">{label}</a> }
    });
    view! {
        {head}
        {app_form(&view.email, secret, can_add && !view.is_set)}
        {back}
        {(!view.is_set).then(sign_out)}
    }
    .into_any()
}

/// What an app needs, and the field for a code of it.
fn app_form(email: &str, secret: String, is_other: bool) -> impl IntoView {
    let spaced: Vec<_> = secret
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    let button = if is_other { "button" } else { "button primary" };
    view! {
        <form class="sign-in-step factor" method="post" action=format!("{SECOND_FACTOR_PATH}/set")>
            <h2>"Authenticator app"</h2>
            <p>"Scan the code with an authenticator app, then enter the code it shows."</p>
            {qr_code(&address(email, &secret))}
            <p>"Or enter this key in the app: "<code data-testid="authenticator-secret">{spaced.join(" ")}</code></p>
            <input type="hidden" name="secret" value=secret/>
            {code_field("Code", !is_other)}
            <button class=button type="submit">"Turn on"</button>
        </form>
    }
}

fn status(
    view: &SecondFactorView,
    passkeys: Vec<PasskeyView>,
    can_add: bool,
    problem: Option<String>,
) -> AnyView {
    let left = match view.codes_left {
        1 => "1 recovery code is left.".to_owned(),
        left => format!("{left} recovery codes are left."),
    };
    let lead = match (view.has_app, passkeys.is_empty()) {
        (true, true) => "You are asked for a code after your password.",
        (false, _) => "You are asked for a passkey after your password.",
        (true, false) => "You are asked for a passkey or a code after your password.",
    };
    view! {
        <h1>"Two-step sign-in is on"</h1>
        <p class="sign-in-lead">{lead}</p>
        {told(problem)}
        {passkeys::list(passkeys, can_add)}
        {app(view.has_app)}
        <section class="factor" aria-labelledby="codes">
            <h2 id="codes">"Recovery codes"</h2>
            <p>{format!("Each replaces your passkey or app once. {left}")}</p>
            <form method="post" action=format!("{SECOND_FACTOR_PATH}/codes")><button class="button" type="submit">"Create new recovery codes"</button></form>
        </section>
        <section class="factor factor-row" aria-labelledby="off">
            <div><h2 id="off">"Turn off two-step sign-in"</h2><p>"Removes your passkeys, your app and your recovery codes."</p></div>
            <form method="post" action=format!("{SECOND_FACTOR_PATH}/remove")><button class="button" type="submit">"Turn off"</button></form>
        </section>
        <a href=YOU_PATH rel="external">"Go to your account"</a>
    }
    .into_any()
}

fn app(has_app: bool) -> impl IntoView {
    let change = if has_app {
        view! {
            <form method="post" action=format!("{SECOND_FACTOR_PATH}/app/remove")><button class="quiet-button" type="submit" aria-label="Remove the authenticator app">"Remove"</button></form>
        }
        .into_any()
    } else {
        view! { <a class="button" href=format!("{SECOND_FACTOR_PATH}/app") rel="external">"Set up an app"</a> }.into_any()
    };
    let words = if has_app {
        "It makes codes for you."
    } else {
        "Not set up."
    };
    view! {
        <section class="factor factor-row" aria-labelledby="app">
            <div><h2 id="app">"Authenticator app"</h2><p>{words}</p></div>
            {change}
        </section>
    }
}

fn recovery(codes: Vec<String>) -> AnyView {
    let lines: Vec<_> = codes
        .into_iter()
        .map(|code| view! { <li><code>{code}</code></li> })
        .collect();
    view! {
        <h1>"Save your recovery codes"</h1>
        <p class="sign-in-lead">"Each of them replaces your passkey or app once, when you do not have it. They are shown only now."</p>
        <ol class="recovery-codes" data-testid="recovery-codes">{lines}</ol>
        <a class="button primary" href=SECOND_FACTOR_PATH rel="external">"I saved them"</a>
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
