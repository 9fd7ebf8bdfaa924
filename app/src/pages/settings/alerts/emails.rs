//! Which emails there are, and which of them the reader gets.

use leptos::prelude::*;
use service::ports::EmailKind;

use super::{super::frame::hidden, AlertsPage};

impl AlertsPage {
    /// Whether there is an email every week.
    pub(super) fn weekly(&self) -> impl IntoView + use<> {
        let is_on = self.is_told_weekly;
        let (state, verb) = if is_on {
            ("On: sent to owners and billing admins.", "Turn off")
        } else {
            ("Off.", "Turn on")
        };
        let form = self.may_change.then(|| {
            view! {
                <form method="post" action="/billing/alerts/digest">
                    {hidden("account", self.frame.account.clone())}{hidden("next", self.frame.back())}
                    {(!is_on).then(|| hidden("weekly", "on".to_owned()))}
                    <button class="button" type="submit">{verb}</button>
                </form>
            }
        });
        let lead = format!(
            "Every Monday at 06:00 ({}): usage, spikes and the projection for the cycle.",
            self.zone.name()
        );
        view! {
            <section aria-labelledby="weekly" data-testid="weekly">
                <header class="section-header"><h2 id="weekly">"Weekly email digest"</h2><p>{lead}</p></header>
                <div class="card weekly-letter"><p>{state}</p>{form}</div>
            </section>
        }
    }

    /// Which emails the reader gets; nothing for those who get none.
    pub(super) fn own_emails(&self) -> Option<AnyView> {
        if self.own_emails.is_empty() {
            return None;
        }
        let rows: Vec<_> = self
            .own_emails
            .iter()
            .map(|(kind, is_on)| self.own_email(*kind, *is_on))
            .collect();
        let section = view! {
            <section aria-labelledby="own-emails" data-testid="own-emails">
                <header class="section-header"><h2 id="own-emails">"Your emails"</h2><p>"For you alone: the other owners and billing admins choose for themselves."</p></header>
                {rows}
            </section>
        };
        Some(section.into_any())
    }

    fn own_email(&self, kind: EmailKind, is_on: bool) -> AnyView {
        let (state, verb) = if is_on {
            ("On", "Unsubscribe")
        } else {
            ("Off", "Subscribe")
        };
        let waits = is_on && kind == EmailKind::Digest && !self.is_told_weekly;
        let state = if waits {
            "On, when the account's digest is turned on"
        } else {
            state
        };
        view! {
            <div class="card weekly-letter"><p>{format!("{}: {state}", kind.name())}</p>
                <form method="post" action="/billing/alerts/emails">
                    {hidden("account", self.frame.account.clone())}{hidden("next", self.frame.back())}{hidden("kind", kind.id())}
                    {(!is_on).then(|| hidden("subscribed", "on".to_owned()))}
                    <button class="button" type="submit">{verb}</button>
                </form>
            </div>
        }
        .into_any()
    }
}
