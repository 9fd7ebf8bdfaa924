//! The reader's own password and sessions.

use domain::{Time, calendar::Zone};
use leptos::prelude::*;
use service::sessions::OwnSession;

use super::FramedPage;
use super::frame::{Ask, Frame, at, hidden};
use crate::{FORGOT_PATH, SECOND_FACTOR_PATH, YOU_PATH, error::AppError, forms::Field};

/// The page Your account.
#[derive(Debug, Clone)]
pub struct YouPage {
    frame: Frame,
    sessions: Vec<OwnSession>,
    has_password: bool,
    email: String,
    has_second_factor: bool,
    zone: Zone,
}

impl FramedPage for YouPage {
    const PATH: &'static str = YOU_PATH;
    const TITLE: &'static str = "Your account";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(YOU_PATH).await?;
        let (_, caller) = ask.current.known()?;
        let sessions = ask.services.own_sessions(caller).await?;
        let user = ask
            .current
            .known
            .as_ref()
            .and_then(|known| known.user.as_ref());
        Ok(Self {
            frame,
            sessions,
            email: user.map(|user| user.email.clone()).unwrap_or_default(),
            has_second_factor: user.is_some_and(|user| user.second_factor.is_set),
            has_password: user.is_some_and(|user| !user.password_hash.is_empty()),
            zone: Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc()),
        })
    }

    fn view(self) -> AnyView {
        let rows: Vec<_> = self
            .sessions
            .iter()
            .map(|session| self.session(session))
            .collect();
        let others = (self.sessions.len() > 1).then(|| view! {
            <form method="post" action="/settings/you/end-others">{hidden("next", self.frame.back())}<button class="button" type="submit">"Sign out of all others"</button></form>
        });
        let parts = view! {
            {self.has_password.then(|| self.password())}
            {self.has_password.then(|| self.change_email())}
            <section class="card plain-form" aria-labelledby="second-factor">
                <h2 id="second-factor">"Two-step sign-in"</h2>
                <p class="page-subtitle">{if self.has_second_factor { "On: you confirm with a passkey or a code after your password." } else { "Off. Turn it on to confirm with a passkey or a code after your password." }}</p>
                <a class="button" href=SECOND_FACTOR_PATH>{if self.has_second_factor { "Manage" } else { "Set up" }}</a>
            </section>
            <section aria-labelledby="sessions">
                <header class="section-header"><h2 id="sessions">"Active sessions"</h2><p>{format!("Times are in {}.", self.zone.name())}</p>{others}</header>
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of sessions">
                    <table data-testid="sessions">
                        <thead><tr><th scope="col">"Browser"</th><th scope="col">"IP address"</th><th scope="col">"Signed in"</th><th scope="col">"Last used"</th><th scope="col"><span class="visually-hidden">"Change"</span></th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        };
        self.frame.clone().view(
            "Your account",
            "Your password and your active sessions.",
            parts.into_any(),
        )
    }
}

impl YouPage {
    fn password(&self) -> impl IntoView + use<> {
        let form = self
            .frame
            .form("password-form", "/settings/you/password", &[]);
        let old = Field::password("old_password", "Current password", "current-password");
        let new = Field::password("password", "New password", "new-password")
            .hint("At least 8 characters: several words are best.");
        let (old, new) = (old.view(&form), new.view(&form));
        let foot = form.foot();
        view! {
            <form class="card plain-form" method="post" action="/settings/you/password" aria-labelledby="password" novalidate>
                <h2 id="password">"Change password"</h2>
                {self.frame.places(None)}
                <div class="form-row">{old}{new}<button class="button primary" type="submit">"Change password"</button></div>
                {foot}
                <p class="page-subtitle"><a href=FORGOT_PATH rel="external">"Forgot password?"</a></p>
            </form>
        }
    }

    fn change_email(&self) -> impl IntoView + use<> {
        let form = self.frame.form("email-form", "/settings/you/email", &[]);
        let email = Field::text("email", "New email")
            .of_kind("email")
            .complete("email")
            .required();
        let password = Field::password("password", "Current password", "current-password");
        let (email, password) = (email.view(&form), password.view(&form));
        let foot = form.foot();
        view! {
            <form class="card plain-form" method="post" action="/settings/you/email" aria-labelledby="email" novalidate>
                <h2 id="email">"Change email address"</h2>
                <p class="page-subtitle">{format!("You sign in with {}. A link is sent to the new address, and the change is told to the old one.", self.email)}</p>
                {self.frame.places(None)}
                <div class="form-row">{email}{password}<button class="button primary" type="submit">"Send link"</button></div>
                {foot}
            </form>
        }
    }

    fn session(&self, session: &OwnSession) -> AnyView {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "Unknown".to_owned());
        let time = |time: Option<Time>| {
            time.map_or_else(|| "Unknown".to_owned(), |time| at(time, &self.zone))
        };
        let is_this = session.is_current;
        let end = if is_this {
            view! { <span class="state good">"Current session"</span> }.into_any()
        } else {
            let id = session.id.clone();
            view! {
                <form method="post" action="/settings/you/end">{hidden("session", id)}{hidden("next", self.frame.back())}<button class="quiet-button" type="submit">"Sign out"</button></form>
            }.into_any()
        };
        view! {
            <tr>
                <th scope="row" class="why" title=text(&session.browser)>{browser(&text(&session.browser))}</th>
                <td>{text(&session.address)}</td>
                <td>{time(session.begun)}</td>
                <td>{time(session.used)}</td>
                <td>{end}</td>
            </tr>
        }
        .into_any()
    }
}

/// A browser's description in words. What cannot be told apart is told as it describes itself.
pub fn browser(text: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(part, _)| text.contains(part));
        found.map(|(_, name)| *name)
    };
    // Every browser also claims to be those further down.
    let name = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_by_what_only_they_say() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser(&format!("{chrome} Edg/156.0")), "Edge on Linux");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1";
        assert_eq!(browser(safari), "Safari on iPhone");
        assert_eq!(browser("curl/8"), "curl/8");
    }
}
