//! The account's API keys.

mod sheet;

use domain::{Time, calendar::Zone};
use leptos::prelude::*;
use service::ports::ApiKey;

use super::{
    FramedPage,
    endings::keys_notice,
    frame::{Ask, Frame, at, hidden},
};
use crate::{KEYS_PATH, error::AppError, forms::Secret};
use sheet::KeySheet;

/// Keys that are read: an account has a handful, and those that were rotated.
pub(super) const MOST_KEYS: u32 = 1_000;
/// For so many days after its last use a key is in use.
const IN_USE_DAYS: i64 = 30;
/// Under this many days a key is about to end.
const SOON_DAYS: i64 = 14;

/// The page API keys.
#[derive(Debug, Clone)]
pub struct KeysPage {
    frame: Frame,
    keys: Vec<ApiKey>,
    zone: Zone,
    now: Time,
    sheet: Option<KeySheet>,
}

impl FramedPage for KeysPage {
    const PATH: &'static str = KEYS_PATH;
    const TITLE: &'static str = "API keys";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(KEYS_PATH).await?;
        let (_, caller) = ask.current.known()?;
        let account = Some(frame.account.as_str());
        let mut keys = ask.services.keys(caller, account, None, MOST_KEYS).await?;
        keys.sort_by_key(|key| (key.revoked_at.is_some(), std::cmp::Reverse(key.created_at)));
        Ok(Self {
            sheet: KeySheet::read(ask, &scope, &keys).await?,
            frame,
            keys,
            zone: Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc()),
            now: ask.services.now(),
        })
    }

    fn view(self) -> AnyView {
        let made = self.frame.secret().map(Secret::view);
        let sheet = self
            .sheet
            .as_ref()
            .map(|sheet| sheet.view(&self.frame, &self.zone, self.now));
        let rows: Vec<_> = self.keys.iter().map(|key| self.row(key)).collect();
        let table = if rows.is_empty() {
            view! { <p class="card empty-card">"No API keys yet. Your programs need one to report usage and to check limits."</p> }.into_any()
        } else {
            view! {
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of API keys">
                    <table data-testid="keys">
                        <thead><tr><th scope="col">"Name"</th><th scope="col">"Scopes"</th><th scope="col">"Created"</th><th scope="col">"Last used"</th><th scope="col">"Expires"</th><th scope="col">"Status"</th><th scope="col">"Change"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }.into_any()
        };
        let parts = view! {
            {keys_notice(&self.keys, &self.zone, self.now)}
            {made}
            <section aria-labelledby="keys">
                <header class="section-header"><h2 id="keys">"Keys"</h2><p>{format!("A key that you rotate keeps working for one more day. Times are in {}.", self.zone.name())}</p>
                    <a class="button primary" href=self.frame.sheet("new", "key") data-noscroll="">"Create key"</a></header>
                {table}
            </section>
            {sheet}
        };
        self.frame.clone().view(
            "API keys",
            "Your programs use a key to report usage, check limits or read data of this account.",
            parts.into_any(),
        )
    }
}

impl KeysPage {
    fn row(&self, key: &ApiKey) -> AnyView {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.id()).collect();
        let time_or = |time: Option<Time>, none: &str| {
            time.map_or_else(|| none.to_owned(), |time| at(time, &self.zone))
        };
        let used = time_or(key.used_at, "Never");
        let expires = time_or(key.expires_at, "Never");
        let works = key.works_at(self.now);
        let name = shown_name(key);
        let change = works.then(|| {
            let label = format!("Revoke {}", key_name(key));
            view! {
                <div class="row-actions">
                    {self.rotate(key)}
                    <a class="quiet-button danger-text" href=self.frame.sheet("revoke", &key.prefix) data-noscroll="" aria-label=label>"Revoke"</a>
                </div>
            }
        });
        view! {
            <tr class:ended=!works>
                <th scope="row">{name}<small><code>{format!("cs_{}_…", key.prefix)}</code></small></th>
                <td>{scopes.join(", ")}</td>
                <td>{at(key.created_at, &self.zone)}</td>
                <td>{used}</td>
                <td>{expires}</td>
                <td>{self.state(key)}</td>
                <td>{change}</td>
            </tr>
        }
        .into_any()
    }

    fn rotate(&self, key: &ApiKey) -> impl IntoView + use<> {
        let label = format!("Rotate {}", key_name(key));
        view! {
            <form method="post" action="/settings/keys/rotate">
                {self.frame.places(None)}{hidden("prefix", key.prefix.clone())}
                <button class="quiet-button" type="submit" aria-label=label>"Rotate"</button>
            </form>
        }
    }

    fn state(&self, key: &ApiKey) -> AnyView {
        if let Some(time) = key.revoked_at {
            return view! { <span class="dim">{format!("Revoked {}", at(time, &self.zone))}</span> }.into_any();
        }
        match key.expires_at {
            Some(end) if end <= self.now => view! { <span class="dim">"Expired"</span> }.into_any(),
            Some(end) if end.micros_since(self.now) < SOON_DAYS * domain::time::DAY_US => {
                view! { <span class="state warn">"Active, expires soon"</span> }.into_any()
            }
            _ => view! { <span class="state good">"Active"</span> }.into_any(),
        }
    }
}

/// A key's name in a table.
fn shown_name(key: &ApiKey) -> String {
    if key.name.is_empty() {
        "Unnamed".to_owned()
    } else {
        key.name.clone()
    }
}

/// What a key is called where it is named: by what it begins with when it has no name.
pub fn key_name(key: &ApiKey) -> String {
    if key.name.is_empty() {
        format!("cs_{}", key.prefix)
    } else {
        key.name.clone()
    }
}

/// Whether somebody depends on a key: it works, and was used within thirty days.
pub fn is_in_use(key: &ApiKey, now: Time) -> bool {
    let is_late = |used: Time| now.micros_since(used) < IN_USE_DAYS * domain::time::DAY_US;
    key.works_at(now) && key.used_at.is_some_and(is_late)
}
