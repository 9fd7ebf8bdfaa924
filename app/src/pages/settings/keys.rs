//! The account's API keys.

use domain::{Time, calendar::Zone};
use leptos::prelude::*;
use service::ports::ApiKey;

use super::{
    endings::keys_notice,
    frame::{Ask, Frame, at, hidden},
};
use crate::{KEYS_PATH, error::AppError};

/// Keys that are read: an account has a handful, and those that were rotated.
pub(super) const MOST_KEYS: u32 = 1_000;
/// Under this many days a key is about to end.
const SOON_DAYS: i64 = 14;

/// The page API keys.
#[derive(Debug, Clone)]
pub struct KeysPage {
    frame: Frame,
    keys: Vec<ApiKey>,
    zone: Zone,
    now: Time,
    made: Option<String>,
}

impl KeysPage {
    pub(super) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(KEYS_PATH).await?;
        let (_, caller) = ask.current.known()?;
        let account = Some(frame.account.as_str());
        let mut keys = ask.services.keys(caller, account, None, MOST_KEYS).await?;
        keys.sort_by_key(|key| (key.revoked_at.is_some(), std::cmp::Reverse(key.created_at)));
        Ok(Self {
            frame,
            keys,
            zone: Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc()),
            now: ask.services.now(),
            made: ask.secret.map(str::to_owned),
        })
    }

    pub(super) fn view(self) -> AnyView {
        let made = self.made.as_ref().map(|key| view! {
            <section class="card secret" role="status">
                <h2>"Your new key"</h2>
                <p>"Copy it now. It is shown only once."</p>
                <input class="secret-text" type="text" readonly value=key.clone() aria-label="The new API key" data-testid="new-key"/>
            </section>
        });
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
            {self.make()}
            <section aria-labelledby="keys">
                <header class="section-header"><h2 id="keys">"Keys"</h2><p>{format!("A key that you rotate keeps working for one more day. Times are in {}.", self.zone.name())}</p></header>
                {table}
            </section>
        };
        self.frame.clone().view(
            "API keys",
            "Your programs use a key to report usage, check limits or read data of this account.",
            parts.into_any(),
        )
    }

    fn make(&self) -> impl IntoView + use<> {
        let scope = |id: &'static str, words: &'static str, checked: bool| {
            view! { <label class="check"><input type="checkbox" name=format!("scope_{id}") value="1" checked=checked/>{words}</label> }
        };
        view! {
            <form class="card plain-form" method="post" action="/settings/keys/make" aria-labelledby="make">
                <h2 id="make">"Create an API key"</h2>
                {hidden("account", self.frame.account.clone())}
                <div class="form-row">
                    <label>"Name"<input type="text" name="name" required maxlength="120" placeholder="voice gateway" autocomplete="off"/></label>
                    <fieldset class="checks"><legend>"Scopes"</legend>
                        {scope("ingest", "ingest: report usage", true)}
                        {scope("check", "check: check limits", true)}
                        {scope("read", "read: read data", false)}
                    </fieldset>
                    <label>"Expires"<select name="expires_in_s">
                        <option value="">"Never"</option>
                        <option value="2592000">"In 30 days"</option>
                        <option value="7776000" selected>"In 90 days"</option>
                        <option value="31536000">"In 1 year"</option>
                    </select></label>
                    <button class="button primary" type="submit">"Create key"</button>
                </div>
            </form>
        }
    }

    fn row(&self, key: &ApiKey) -> AnyView {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.id()).collect();
        let time_or = |time: Option<Time>, none: &str| {
            time.map_or_else(|| none.to_owned(), |time| at(time, &self.zone))
        };
        let used = time_or(key.used_at, "Never");
        let expires = time_or(key.expires_at, "Never");
        let works = key.works_at(self.now);
        let fields = || {
            (
                hidden("account", self.frame.account.clone()),
                hidden("prefix", key.prefix.clone()),
                hidden("next", self.frame.back()),
            )
        };
        let name = if key.name.is_empty() {
            "Unnamed".to_owned()
        } else {
            key.name.clone()
        };
        let change = works.then(|| view! {
            <div class="row-actions">
                <form method="post" action="/settings/keys/rotate">{fields()}<button class="quiet-button" type="submit">"Rotate"</button></form>
                <form method="post" action="/settings/keys/revoke">{fields()}<button class="quiet-button danger-text" type="submit">"Revoke"</button></form>
            </div>
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
