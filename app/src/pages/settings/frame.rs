//! What these pages have in common.

use domain::{Time, calendar::Zone};
use leptos::prelude::*;
use service::{Scope, Services};

use super::framed::is_remembered;
use crate::{
    PLANS_PATH,
    components::{AsOf, LinkMark, Sidebar, pending_line},
    context::Current,
    error::AppError,
    forms::{Done, FormState, Secret, Sent},
    functions::{Reader, read_reader, scope_of},
    state::{CreditNotice, Filters, Remedy},
    ui::{Notice, Tone},
};

/// Names in an address that open a sheet over its page, or are said once.
const SHEETS: [&str; 9] = [
    "edit", "new", "remove", "revoke", "rotate", "buy", "switch", "order", "find",
];

/// Who asks for a page, and how.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// All use-cases.
    pub services: &'a Services,
    /// Who asks.
    pub current: &'a Current,
    /// The address's query string.
    pub query: &'a str,
}

impl<'a> Ask<'a> {
    /// Somebody asks for the page of an address, and nothing was just made.
    pub const fn plain(services: &'a Services, current: &'a Current, query: &'a str) -> Self {
        Self {
            services,
            current,
            query,
        }
    }

    /// The account of the address, as the reader may see it.
    pub(in crate::pages) async fn scope(&self) -> Result<Scope, AppError> {
        let (_, caller) = self.current.known()?;
        let account = self.value("account");
        let account = account.map(|key| {
            form_urlencoded::Serializer::new(String::new())
                .append_pair("account", &key)
                .finish()
        });
        let account = account.as_deref().unwrap_or_default();
        Ok(scope_of(self.services, caller, account).await?.0)
    }

    /// The value of a name in the address.
    pub(in crate::pages) fn value(&self, wanted: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())
    }

    /// The account of the address, as the reader may see it, and what stands around a page about it.
    pub(in crate::pages) async fn frame(
        &self,
        path: &'static str,
    ) -> Result<(Scope, Frame), AppError> {
        let (person, caller) = self.current.known()?;
        let scope = self.scope().await?;
        let reader = read_reader(self.services, person, caller, &scope).await?;
        let frame = Frame {
            reader,
            account: scope.account().key.clone(),
            account_name: scope.account().name.clone(),
            filters: Filters::read(path, &scope.account().key, self.query),
            path,
            as_of: is_remembered(path).then(|| {
                let zone = Zone::named(&scope.account().time_zone);
                let zone = zone.unwrap_or_else(|_| Zone::utc());
                zone.time_of_day(self.services.now())
            }),
            query: self.query.to_owned(),
            sent: self.current.sent.clone(),
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
    /// When it was read, of a page that is remembered.
    as_of: Option<String>,
    query: String,
    sent: Sent,
}

impl Frame {
    /// Who reads the page.
    pub(in crate::pages) const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What stands around every page.
    pub(in crate::pages) fn around(self) -> impl IntoView {
        let notice = credits_notice(&self.reader, &self.account, self.path);
        let carried = self.filters.carried();
        let pending = pending_line(&self.reader, &carried);
        view! { <Sidebar reader=self.reader account=self.account_name account_key=self.account path=self.path carried/>{notice}{pending} }
    }

    /// Where a form leads back to: the page as it is shown, without the sheet over it.
    pub(super) fn back(&self) -> String {
        self.address(None)
    }

    /// The page with a sheet over it.
    pub(super) fn sheet(&self, name: &str, value: &str) -> String {
        self.address(Some((name, value)))
    }

    fn address(&self, sheet: Option<(&str, &str)>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("account", &self.account);
        let kept = |name: &str| name != "account" && !SHEETS.contains(&name);
        let all = form_urlencoded::parse(self.query.as_bytes());
        query.extend_pairs(all.filter(|(name, _)| kept(name)));
        query.extend_pairs(sheet);
        format!("{}?{}", self.path, query.finish())
    }

    /// The fields that every form of the page sends: where it leads, and where it stands.
    pub(super) fn places(&self, sheet: Option<(&str, &str)>) -> impl IntoView + use<> {
        view! {
            {hidden("account", self.account.clone())}
            {hidden("next", self.back())}
            {sheet.map(|sheet| hidden("page", self.address(Some(sheet))))}
        }
    }

    /// A form of the page, with what was entered when it was refused.
    pub(super) fn form(&self, id: &'static str, action: &str, marks: &[(&str, &str)]) -> FormState {
        FormState::new(id, self.sent.draft.as_ref(), action, marks)
    }

    /// What was made a moment ago and is shown this once.
    pub(super) fn secret(&self) -> Option<&Secret> {
        self.sent.done.as_ref()?.secret.as_ref()
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
            as_of,
            sent,
            query: _,
        } = self;
        let credits = credits_notice(&reader, &account, path);
        let done = sent.done.as_ref().map(Done::view);
        // A form that is not in the page any more cannot say by itself why it was refused.
        let lost = sent.draft.filter(|draft| !draft.is_shown());
        let failed = lost
            .map(|draft| draft.text())
            .filter(|text| !text.is_empty())
            .map(|text| view! { <Notice tone=Tone::Warning title="Nothing was changed.".to_owned() text=text/> });
        view! {
            <Sidebar reader account=account_name account_key=account path carried=filters.carried()/>
            <main class="page settings-page">
                <header class="page-header">
                    <div class="page-title"><h1>{title}</h1><p class="page-subtitle">{lead}</p></div>
                    {live_or_dated(as_of)}
                </header>
                {credits}
                {done}
                {failed}
                {parts}
            </main>
        }
        .into_any()
    }
}

/// Beside the title: that the page follows what happens, or when it was read.
fn live_or_dated(as_of: Option<String>) -> AnyView {
    match as_of {
        Some(at) => view! { <AsOf at/> }.into_any(),
        None => view! { <LinkMark/> }.into_any(),
    }
}

/// What is serious about the account's credits, on every page. Its place is there without it.
fn credits_notice(reader: &Reader, account: &str, path: &str) -> impl IntoView + use<> {
    let said = said_of_credits(reader, account, path);
    view! { <div class="frame-notice" data-live="credits">{said}</div> }
}

fn said_of_credits(reader: &Reader, account: &str, path: &str) -> Option<AnyView> {
    let notice = CreditNotice::beside_pages(reader.credits?, Remedy::for_reader(reader))?;
    // That page says it by itself, with the ways on.
    if path == PLANS_PATH && matches!(notice.tone, Tone::Danger) {
        return None;
    }
    let href = format!("{PLANS_PATH}?account={account}");
    let action = (notice.remedy == Remedy::Buy && path != PLANS_PATH)
        .then(|| view! { <a class="button" href=href>"Buy a pack"</a> });
    let (tone, title, text) = (notice.tone, notice.title, notice.text);
    Some(view! { <Notice tone title text>{action}</Notice> }.into_any())
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
