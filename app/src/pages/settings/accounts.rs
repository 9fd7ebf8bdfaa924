//! The accounts that a reader can switch to: what the account menu shows, and a page of its own without scripts.

use domain::{
    ledger::{CreditFacts, CreditState},
    tenancy::{Account, AccountKind},
};
use leptos::prelude::*;

use super::{
    FramedPage,
    frame::{Ask, Frame, hidden},
    go::{ALL_ACCOUNTS, Reach, carried, marked, of_account, typed},
};
use crate::{ACCOUNTS_PATH, USAGE_PATH, error::AppError};

/// Accounts that are listed.
const MOST_LISTED: u32 = 50;
/// Accounts that were looked at lately, and are listed first.
const MOST_RECENT: usize = 3;
/// From so many accounts on, there is a search, and those looked at lately come first.
const MANY: usize = 8;

/// The page that switches to another account.
#[derive(Debug, Clone)]
pub struct AccountsPage {
    frame: Frame,
    typed: String,
    /// The path that the reader comes from.
    on: String,
    /// Whether the reader runs the platform, and so has a page about all accounts.
    is_staff: bool,
    recent: Vec<Row>,
    others: Vec<Row>,
    /// Whether there are more than are listed.
    is_cut: bool,
}

/// An account to switch to.
#[derive(Debug, Clone)]
struct Row {
    key: String,
    name: String,
    kind: &'static str,
    href: String,
    is_shown: bool,
    /// How its credits stand; none for readers who do not see them.
    facts: Option<CreditFacts>,
}

impl FramedPage for AccountsPage {
    const PATH: &'static str = ACCOUNTS_PATH;
    const TITLE: &'static str = "Switch account";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (person, caller) = ask.current.known()?;
        let (scope, frame) = ask.frame(ACCOUNTS_PATH).await?;
        let (typed, on) = (typed(ask), ask.value("on").unwrap_or_default());
        let searched = Some(typed.trim()).filter(|typed| !typed.is_empty());
        let mut accounts = ask
            .services
            .accounts(caller, searched, None, MOST_LISTED + 1)
            .await?;
        let is_cut = accounts.len() > MOST_LISTED as usize;
        accounts.truncate(MOST_LISTED as usize);
        let recent = recent(ask, searched.is_none(), &mut accounts).await?;
        accounts.sort_by_cached_key(|account| domain::fold::folded(&account.name));
        let mut rows = Vec::new();
        for (account, facts) in ask
            .services
            .levels(caller, recent.iter().chain(&accounts))
            .await?
        {
            let own = ask
                .services
                .scope(caller, Some(&account.key), service::Permission::Read)
                .await?;
            let place = Reach::of(&own, person).in_account(&on);
            let path = place.map_or(USAGE_PATH, |place| place.path);
            rows.push(Row {
                href: of_account(&frame.filters, &account.key, path),
                is_shown: account.id == scope.account().id,
                kind: kind(&account),
                key: account.key,
                name: account.name,
                facts,
            });
        }
        let others = rows.split_off(recent.len().min(rows.len()));
        Ok(Self {
            frame,
            typed,
            on,
            is_staff: person.is_staff,
            recent: rows,
            others,
            is_cut,
        })
    }

    fn view(self) -> AnyView {
        let results = self.results();
        let parts = view! {
            <form class="card search-form" method="get" action=ACCOUNTS_PATH role="search">
                {carried(&self.frame)}
                {hidden("on", self.on)}
                <label>"Search"<input type="search" name="q" value=self.typed placeholder="Name of an account"/></label>
                <button class="button" type="submit">"Search"</button>
            </form>
            <div class="card picker-page">{results}</div>
        };
        let lead =
            "Accounts that you can see. The page you came from opens for the account you choose.";
        self.frame.view("Switch account", lead, parts.into_any())
    }
}

impl AccountsPage {
    fn results(&self) -> AnyView {
        let count = self.recent.len() + self.others.len();
        let is_few = count < MANY && self.typed.is_empty() && !self.is_cut;
        let all = (self.is_staff && self.typed.is_empty()).then(|| {
            let is_here = self.on == ALL_ACCOUNTS;
            view! {
                <section><ul><li><a class="picker-item" href=ALL_ACCOUNTS aria-current=is_here.then_some("true")>
                    <span class="picker-label">"All accounts"<small>"Platform trends and refund requests"</small></span></a></li></ul></section>
            }
        });
        let said = match (count, self.is_cut) {
            (0, _) => "Nothing found".to_owned(),
            (1, _) => "1 account".to_owned(),
            (count, false) => format!("{count} accounts"),
            (count, true) => format!("The first {count} accounts: search for others"),
        };
        let rest = if self.recent.is_empty() {
            "Accounts"
        } else {
            "Other accounts, A–Z"
        };
        view! {
            <div class="picker-results" data-results="" data-few=is_few.then_some("")>
                {all}
                {self.group("Recent", &self.recent)}
                {self.group(rest, &self.others)}
                <p class="picker-count" role="status">{said}</p>
            </div>
        }
        .into_any()
    }

    fn group(&self, title: &'static str, rows: &[Row]) -> Option<AnyView> {
        let choices: Vec<_> = rows.iter().map(|row| self.row(row)).collect();
        (!choices.is_empty()).then(|| {
            view! { <section><h3>{title}</h3><ul aria-label=title>{choices}</ul></section> }
                .into_any()
        })
    }

    fn row(&self, row: &Row) -> AnyView {
        let initials: String = row
            .name
            .split_whitespace()
            .filter_map(|word| word.chars().next())
            .take(2)
            .collect();
        view! {
            <li><a class="picker-item account-item" href=row.href.clone() data-key=row.key.clone() aria-current=row.is_shown.then_some("true")>
                <span class="initials" aria-hidden="true">{initials}</span>
                <span class="picker-label">{marked(&row.name, &self.typed)}<small>{row.kind}</small></span>
                {row.facts.map(level)}
            </a></li>
        }
        .into_any()
    }
}

/// How credits stand, in words over a meter.
fn level(facts: CreditFacts) -> AnyView {
    let (used, of) = facts.balance.map_or((0, 0), |balance| {
        (facts.used.micro().max(0), balance.allocation.micro().max(0))
    });
    let words = match (facts.label(), facts.percent_used()) {
        (Some(label), Some(percent))
            if matches!(
                facts.state(),
                CreditState::RunningLow | CreditState::AlmostOut
            ) =>
        {
            format!("{} · {label}", percent.trim_end_matches(" used"))
        }
        (label, percent) => label.or(percent).unwrap_or_default(),
    };
    let class = format!("account-meter level-{}", facts.state().id());
    view! {
        <span class=class><span>{words}</span>
            <meter min="0" max=of.max(1).to_string() value=used.min(of.max(1)).to_string() aria-hidden="true"></meter></span>
    }
    .into_any()
}

const fn kind(account: &Account) -> &'static str {
    match account.kind {
        AccountKind::Agency => "Agency",
        AccountKind::Customer => "Customer",
    }
}

/// The accounts that the browser says were looked at lately, taken out of the others.
async fn recent(
    ask: &Ask<'_>,
    is_listed: bool,
    accounts: &mut Vec<Account>,
) -> Result<Vec<Account>, AppError> {
    let keys = ask
        .value("recent")
        .filter(|_| is_listed && accounts.len() >= MANY);
    let (_, caller) = ask.current.known()?;
    let mut recent: Vec<Account> = Vec::new();
    for key in keys
        .iter()
        .flat_map(|keys| keys.split(','))
        .take(MOST_RECENT)
    {
        if let Ok(account) = ask.services.account(caller, key).await
            && recent.iter().all(|known| known.id != account.id)
        {
            accounts.retain(|other| other.id != account.id);
            recent.push(account);
        }
    }
    Ok(recent)
}
