//! Sheets of the page API keys: a new key, and what depends on one before it is revoked.

use domain::{Time, calendar::Zone, number};
use leptos::prelude::*;
use service::{Scope, keys::KeyUse, ports::ApiKey};

use super::{
    super::frame::{Ask, Frame, at, hidden},
    is_in_use, key_name,
};
use crate::{
    components::{Sheet, Side, sheet_foot},
    error::AppError,
    forms::{Field, FormState, Select},
    ui::Icon,
};

const MAKE: &str = "/settings/keys/make";
const REVOKE: &str = "/settings/keys/revoke";

/// A sheet over the page.
#[derive(Debug, Clone)]
pub(super) enum KeySheet {
    /// Makes a key.
    Make,
    /// Asks before a key is revoked, and says what depends on it.
    Revoke(Box<ApiKey>, KeyUse),
}

impl KeySheet {
    /// The sheet of the address; none when it names no key that works.
    pub(super) async fn read(
        ask: &Ask<'_>,
        scope: &Scope,
        keys: &[ApiKey],
    ) -> Result<Option<Self>, AppError> {
        if ask.value("new").as_deref() == Some("key") {
            return Ok(Some(Self::Make));
        }
        let Some(prefix) = ask.value("revoke") else {
            return Ok(None);
        };
        let now = ask.services.now();
        let key = keys
            .iter()
            .find(|key| key.prefix == prefix && key.works_at(now));
        let Some(key) = key else {
            return Ok(None);
        };
        let used = ask.services.key_use(scope).await?;
        Ok(Some(Self::Revoke(Box::new(key.clone()), used)))
    }

    pub(super) fn view(&self, frame: &Frame, zone: &Zone, now: Time) -> AnyView {
        match self {
            Self::Make => make(frame),
            Self::Revoke(key, used) => revoke(frame, key, used, (zone, now)),
        }
    }
}

fn make(frame: &Frame) -> AnyView {
    let form = frame.form("key", MAKE, &[]);
    let name = Field::text("name", "Name")
        .empty("voice gateway")
        .hint("What uses it, so that you know later what depends on it.")
        .max("120")
        .required()
        .first()
        .view(&form);
    let scopes = scopes(&form);
    let options = [
        ("", "Never"),
        ("2592000", "In 30 days"),
        ("7776000", "In 90 days"),
        ("31536000", "In 1 year"),
    ];
    let options = options.map(|(value, words)| (value.to_owned(), words.to_owned()));
    let expires = Select::new("expires_in_s", "Expires", "7776000", options.to_vec()).view(&form);
    let act =
        view! { <button class="button primary" type="submit">"Create key"</button> }.into_any();
    let foot = sheet_foot(form.foot(), frame.back(), act);
    let content = view! {
        <form method="post" action=MAKE novalidate data-testid="key">
            {frame.places(Some(("new", "key")))}
            <div class="sheet-fields">{name}{scopes}{expires}</div>
            {foot}
        </form>
    };
    Sheet {
        side: Side::Edge,
        title: "Create an API key".to_owned(),
        lead: "It is shown once, right after it is created.".to_owned(),
        close: frame.back(),
    }
    .view(content.into_any())
}

fn scopes(form: &FormState) -> AnyView {
    let marks = form.marks("scopes", false);
    let scopes = [
        ("scope_ingest", "ingest: report usage", true),
        ("scope_check", "check: check limits", true),
        ("scope_read", "read: read data", false),
    ];
    let boxes: Vec<_> = scopes
        .into_iter()
        .enumerate()
        .map(|(index, (name, words, stored))| {
            let checked = form.is_checked(name, stored);
            let first = index == 0;
            let invalid = marks.invalid.filter(|_| first);
            let described = marks.described.clone().filter(|_| first);
            view! { <label class="check"><input type="checkbox" name=name value="1" checked=checked aria-invalid=invalid aria-describedby=described autofocus=marks.focus && first/>{words}</label> }
        })
        .collect();
    let problem = form.under("scopes", "Scopes");
    view! { <fieldset class="choices"><legend>"Scopes"</legend>{boxes}{problem}</fieldset> }
        .into_any()
}

fn revoke(frame: &Frame, key: &ApiKey, used: &KeyUse, (zone, now): (&Zone, Time)) -> AnyView {
    let name = key_name(key);
    let form = frame.form("revoke", REVOKE, &[("prefix", &key.prefix)]);
    let is_used = is_in_use(key, now);
    let depends = is_used.then(|| {
        let confirm = Field::text("confirm", format!("Type {name} to confirm"))
            .first()
            .view(&form);
        view! { {in_use(key, used, zone)}{instead()}{confirm} }
    });
    let unused = (!is_used).then(|| {
        let words = key.used_at.map_or_else(
            || "It was never used.".to_owned(),
            |used| format!("It was last used {}.", at(used, zone)),
        );
        view! { <p class="dim">{words}</p> }
    });
    let act =
        view! { <button class="button destructive" type="submit">"Revoke key"</button> }.into_any();
    let foot = sheet_foot(form.foot(), frame.back(), act);
    let content = view! {
        <form method="post" action=REVOKE novalidate data-testid="revoke">
            {frame.places(Some(("revoke", &key.prefix)))}
            {hidden("prefix", key.prefix.clone())}
            <div class="sheet-fields">{depends}{unused}</div>
            {foot}
        </form>
        // Not a button of the form above: the enter key must not press it there.
        <form id="rotate-key" method="post" action="/settings/keys/rotate" hidden>
            {frame.places(None)}{hidden("prefix", key.prefix.clone())}
        </form>
    };
    Sheet {
        side: Side::Middle,
        title: format!("Revoke “{name}”?"),
        lead: format!(
            "Requests with cs_{}_… fail at once, and for good.",
            key.prefix
        ),
        close: frame.back(),
    }
    .view(content.into_any())
}

/// What depends on a key. Events do not name the key they came with: the figures are the account's, and say so.
fn in_use(key: &ApiKey, used: &KeyUse, zone: &Zone) -> AnyView {
    let last = key
        .used_at
        .map_or_else(|| "Never".to_owned(), |used| at(used, zone));
    let agents: Vec<_> = used
        .agents
        .iter()
        .map(|(agent, events)| format!("{} {events}", agent.name()))
        .collect();
    let calls = match used.calls {
        0 => "None".to_owned(),
        calls => format!(
            "{calls}, with {} credits reserved",
            number::whole_credits(used.reserved)
        ),
    };
    let charged =
        (used.calls > 0).then(|| view! { <small>"each is charged what it last reported"</small> });
    view! {
        <div class="depends">
            <h3>{Icon::Warning.view()}"This key is in use"</h3>
            <dl>
                <div><dt>"Last used"</dt><dd>{last}</dd></div>
                <div><dt>"Events of the account in the last hour"</dt><dd>{number::count(used.events)}<small>{agents.join(", ")}</small></dd></div>
                <div><dt>"Active calls of the account"</dt><dd>{calls}{charged}</dd></div>
            </dl>
        </div>
    }
    .into_any()
}

/// The milder way.
fn instead() -> AnyView {
    view! {
        <div class="instead">
            <p><b>"Rotate it instead: "</b>"you get a new key, and this one works for another day."</p>
            <button class="button" type="submit" form="rotate-key">"Rotate"</button>
        </div>
    }
    .into_any()
}
