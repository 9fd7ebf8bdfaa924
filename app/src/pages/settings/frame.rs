//! What these pages have in common.

use domain::{Time, calendar::Zone};
use leptos::prelude::*;
use service::{Scope, Services};

use crate::{
    components::Sidebar,
    context::Current,
    error::AppError,
    functions::{Reader, read_reader, scope_of},
    state::Filters,
    ui::{Notice, Tone},
};

/// Who asks for a page, and how.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// All use-cases.
    pub services: &'a Services,
    /// Who asks.
    pub current: &'a Current,
    /// The address's query string.
    pub query: &'a str,
    /// What was just made and is shown this once: a key, a link.
    pub secret: Option<&'a str>,
}

impl Ask<'_> {
    /// The value of a name in the address.
    pub(in crate::pages) fn value(&self, wanted: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())
    }

    /// The account of the address, as the reader may see it, and what stands around a page about it.
    pub(super) async fn frame(&self, path: &'static str) -> Result<(Scope, Frame), AppError> {
        let (person, caller) = self.current.known()?;
        let account = self.value("account");
        let account = account.map(|key| {
            form_urlencoded::Serializer::new(String::new())
                .append_pair("account", &key)
                .finish()
        });
        let (scope, _) = scope_of(
            self.services,
            caller,
            account.as_deref().unwrap_or_default(),
        )
        .await?;
        let reader = read_reader(self.services, person, caller, &scope).await?;
        let frame = Frame {
            reader,
            account: scope.account().key.clone(),
            account_name: scope.account().name.clone(),
            filters: Filters::read(path, &scope.account().key, self.query),
            path,
            done: self.value("done"),
            failed: self.value("failed"),
        };
        Ok((scope, frame))
    }
}

/// What stands around a page.
#[derive(Debug, Clone)]
pub struct Frame {
    reader: Reader,
    /// Key of the account.
    pub account: String,
    account_name: String,
    path: &'static str,
    /// What the address chose.
    pub(super) filters: Filters,
    done: Option<String>,
    failed: Option<String>,
}

impl Frame {
    /// Who reads the page.
    pub(super) const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Where a form leads back to.
    pub(super) fn back(&self) -> String {
        self.filters.to(self.path)
    }

    /// The page with a title, what it is for, and its parts.
    pub(super) fn view(
        self,
        title: &'static str,
        lead: impl Into<String>,
        parts: AnyView,
    ) -> AnyView {
        let lead: String = lead.into();
        let Self {
            reader,
            account,
            account_name,
            path,
            filters,
            done,
            failed,
        } = self;
        let done = done.map(|what| view! { <Notice tone=Tone::Calm title="Done.".to_owned() text=words_of(&what).to_owned()/> });
        let failed = failed.map(|text| view! { <Notice tone=Tone::Warning title="Nothing was changed.".to_owned() text=text/> });
        view! {
            <Sidebar reader account=account_name account_key=account path carried=filters.carried()/>
            <main class="page settings-page">
                <header class="page-header">
                    <div class="page-title"><h1>{title}</h1><p class="page-subtitle">{lead}</p></div>
                </header>
                {done}
                {failed}
                {parts}
            </main>
        }
        .into_any()
    }
}

/// What a form came to. The address says it by a word, so that nobody can put words into our mouth.
fn words_of(what: &str) -> &'static str {
    match what {
        "changed" => "The change takes effect at once.",
        "removed" => "They can no longer see this account.",
        "revoked" => "It no longer works.",
        "approved" => "The credits are refunded: the account's log, balance and receipt show it.",
        "declined" => "Who asked can read your reason on the receipt.",
        "limits" => "The new limits apply at once.",
        "ended" => "That session is signed out.",
        "password" => "Your password is changed. Your other sessions are signed out.",
        "second-factor" => "Members with these roles set it up before they do anything else.",
        "email-asked" => {
            "A link is on its way to the new address. Your address changes when you follow it."
        }
        "email" => "You sign in with your new address from now on. The old address is told.",
        "reviewed" => "Everybody sees that this week was reviewed.",
        "known" => "The alert is acknowledged.",
        "digest" => "The change applies from this week on.",
        "emails" => "Your choice is saved.",
        "rule-removed" => "The rule is deleted, and its alerts are resolved.",
        "webhook-removed" => "The endpoint is deleted.",
        "sent" => "The event is pending: reload in a moment to see the response.",
        "supported" => "The platform sees what you said. It decides the request.",
        "ordered" => {
            "The credits are added as soon as the order is paid. This page shows it at once."
        }
        "welcome" => "You are a member now.",
        _ => "It was stored.",
    }
}

/// A value as it stands in a form: an empty field says so.
pub(super) fn words_of_stale(value: String) -> String {
    if value.is_empty() {
        "None".to_owned()
    } else {
        value
    }
}

/// An instant in a zone, to the minute.
pub(super) fn at(time: Time, zone: &Zone) -> String {
    zone.minute(time)
}

/// A field that a form sends without showing it.
pub(super) fn hidden(name: &'static str, value: impl Into<String>) -> impl IntoView {
    view! { <input type="hidden" name=name value=value.into()/> }
}
