//! Pages, companies, accounts and actions by their names: what the command palette shows, and a page of its own without
//! scripts.

mod choice;
mod reach;

use domain::ledger::OrderKind;
use leptos::prelude::*;
use service::Scope;

use super::{
    FramedPage,
    frame::{Ask, Frame, hidden},
    plans::buy_href,
};
use crate::{
    ALERTS_PATH, COMPANIES_PATH, GO_PATH, KEYS_PATH, MEMBERS_PATH, PLANS_PATH, PLATFORM_PATH,
    USAGE_PATH, error::AppError, state::Filters,
};
pub(super) use choice::marked;
use choice::{Choice, Group, fitting};
use reach::Place;
pub(super) use reach::Reach;

/// Companies, and accounts, that are listed.
const MOST_NAMED: u32 = 4;
/// Pages and actions that are listed when something was typed.
const MOST_OF_KIND: usize = 4;
/// Longest search, in characters.
const MAX_TYPED: usize = 100;

/// The page that finds others.
#[derive(Debug, Clone)]
pub struct GoPage {
    frame: Frame,
    typed: String,
    /// The path that the reader comes from.
    on: String,
    groups: Vec<Group>,
}

/// Who looks for something, and where they are.
struct Seeker<'a> {
    account: &'a str,
    /// What they chose, as links carry it.
    filters: &'a Filters,
    /// The path they come from.
    on: &'a str,
    typed: &'a str,
    reach: Reach,
}

impl FramedPage for GoPage {
    const PATH: &'static str = GO_PATH;
    const TITLE: &'static str = "Search";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (person, caller) = ask.current.known()?;
        let (scope, frame) = ask.frame(GO_PATH).await?;
        let typed = typed(ask);
        let on = ask.value("on").unwrap_or_default();
        let seeker = Seeker {
            account: &scope.account().key,
            filters: &frame.filters,
            on: &on,
            typed: &typed,
            reach: Reach::of(&scope, person),
        };
        let searched = Some(typed.trim()).filter(|typed| !typed.is_empty());
        let companies = ask.services.companies(&scope, searched, None, MOST_NAMED);
        let companies: Vec<_> = companies
            .await?
            .into_iter()
            .map(|company| (company.key, company.name))
            .collect();
        let accounts = match searched {
            Some(_) => {
                ask.services
                    .accounts(caller, searched, None, MOST_NAMED + 1)
                    .await?
            }
            None => Vec::new(),
        };
        let accounts = accounts
            .into_iter()
            .filter(|account| account.id != scope.account().id)
            .map(|account| Choice {
                hint: "Account".to_owned(),
                href: seeker.to_account(&account.key),
                label: account.name,
                keys: None,
            });
        let packs = seeker.packs(ask, &scope).await?;
        Ok(Self {
            groups: seeker.groups(&companies, accounts.collect(), packs),
            frame,
            typed,
            on,
        })
    }

    fn view(self) -> AnyView {
        let parts = view! {
            <form class="card search-form" method="get" action=GO_PATH role="search">
                {carried(&self.frame)}
                {hidden("on", self.on)}
                <label>"Search"<input type="search" name="q" value=self.typed.clone() maxlength=MAX_TYPED.to_string()
                    placeholder="Pages, companies and actions"/></label>
                <button class="button" type="submit">"Search"</button>
            </form>
            <div class="card picker-page">{choice::view(self.groups, &self.typed)}</div>
        };
        let lead = "Pages, companies and actions that you can use.";
        self.frame.view("Search", lead, parts.into_any())
    }
}

/// What was typed, as far as it is looked for.
pub(super) fn typed(ask: &Ask<'_>) -> String {
    let typed = ask.value("q").unwrap_or_default();
    typed.chars().take(MAX_TYPED).collect()
}

/// An address with names and values.
pub(super) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}

impl Seeker<'_> {
    fn is_searching(&self) -> bool {
        !self.typed.trim().is_empty()
    }

    fn to(&self, path: &str) -> String {
        self.filters.to(path)
    }

    /// The page somebody is on, of a company; of those that cannot be narrowed, the usage.
    fn of_company(&self, company: &str) -> String {
        let place = self.reach.in_account(self.on);
        let place = place.filter(|place| place.of_company);
        self.filters
            .with("company", company)
            .to(place.map_or(USAGE_PATH, |place| place.path))
    }

    /// The same page of another account.
    fn to_account(&self, key: &str) -> String {
        let place = self.reach.in_account(self.on);
        of_account(
            self.filters,
            key,
            place.map_or(USAGE_PATH, |place| place.path),
        )
    }

    fn place(&self, place: &Place, company: Option<&(String, String)>) -> Choice {
        let (hint, href) = match company {
            Some((key, name)) => (
                name.clone(),
                address(place.path, &[("account", self.account), ("company", key)]),
            ),
            None => (String::new(), self.to(place.path)),
        };
        Choice {
            label: place.label.to_owned(),
            hint,
            href,
            keys: place.key.map(|key| format!("G then {key}")),
        }
    }

    /// What can be done, of the company that was found or of the account.
    fn actions(&self, company: Option<&(String, String)>) -> Vec<Choice> {
        let action = |label: String, hint: &str, href: String| Choice {
            label,
            hint: hint.to_owned(),
            href,
            keys: None,
        };
        let with = |path: &str, name: &str, value: &str| {
            address(path, &[("account", self.account), (name, value)])
        };
        let mut actions = Vec::new();
        if let (Some((key, name)), true) = (company, self.reach.may_budget) {
            let label = format!("Set budget for {name}");
            actions.push(action(
                label,
                "Companies",
                with(COMPANIES_PATH, "edit", key),
            ));
        }
        if self.reach.may_bill && self.reach.sees_all() {
            actions.push(action(
                "Create alert".to_owned(),
                "Alerts",
                with(ALERTS_PATH, "new", "rule"),
            ));
        }
        if self.reach.may_manage {
            let to = with(MEMBERS_PATH, "new", "invitation");
            actions.push(action("Invite a member".to_owned(), "Members", to));
            actions.push(action(
                "Create API key".to_owned(),
                "API keys",
                with(KEYS_PATH, "new", "key"),
            ));
        }
        actions
    }

    /// Buying each pack on offer, for those who may.
    async fn packs(&self, ask: &Ask<'_>, scope: &Scope) -> Result<Vec<Choice>, AppError> {
        if !(self.reach.may_bill && self.reach.sees_all()) {
            return Ok(Vec::new());
        }
        let catalogue = ask.services.catalogue(scope).await?;
        let packs = catalogue.packs.into_iter().map(|pack| Choice {
            label: format!("Buy {}", pack.name),
            hint: "Plans & add-ons".to_owned(),
            href: buy_href(&self.to(PLANS_PATH), OrderKind::Pack, &pack.key),
            keys: None,
        });
        Ok(packs.take(MOST_OF_KIND).collect())
    }

    /// Everything that fits what was typed; the group with the best of it first.
    fn groups(
        &self,
        companies: &[(String, String)],
        accounts: Vec<Choice>,
        packs: Vec<Choice>,
    ) -> Vec<Group> {
        let named = companies.iter().map(|(key, name)| Choice {
            label: name.clone(),
            hint: key.clone(),
            href: self.of_company(key),
            keys: None,
        });
        let companies_found = fitting(named.collect(), self.typed, MOST_NAMED as usize);
        // A company that was found carries over: pages and actions are those of it.
        let found = companies_found.1.first().filter(|_| self.is_searching());
        let found = found.and_then(|choice| companies.iter().find(|(key, _)| *key == choice.hint));
        let most = if self.is_searching() {
            MOST_OF_KIND
        } else {
            usize::MAX
        };
        let places = self.reach.places().map(|place| self.place(place, None));
        let mut pages = fitting(places.collect(), self.typed, most);
        let mut acts = self.actions(found);
        acts.extend(packs);
        let mut actions = fitting(acts, self.typed, most);
        if pages.1.is_empty() && found.is_some() {
            let of_it = self.reach.places().filter(|place| place.of_company);
            pages.1 = of_it.map(|place| self.place(place, found)).collect();
        }
        if actions.1.is_empty() && found.is_some() {
            actions.1 = self.actions(found);
        }
        let accounts = fitting(accounts, self.typed, MOST_NAMED as usize);
        let mut groups = [
            (pages.0, "Pages", pages.1),
            (companies_found.0, "Companies", companies_found.1),
            (actions.0, "Actions", actions.1),
            (accounts.0, "Accounts", accounts.1),
        ];
        if self.is_searching() {
            // The group with the best comes first; the others keep their places.
            let first = (0..groups.len()).min_by_key(|group| groups[*group].0);
            groups[..=first.unwrap_or_default()].rotate_right(1);
        }
        let groups = groups
            .into_iter()
            .map(|(_, title, choices)| Group { title, choices });
        groups.collect()
    }
}

/// A page of another account, with what is carried there: companies are those of one account.
pub(super) fn of_account(filters: &Filters, key: &str, path: &str) -> String {
    let filters = filters.without(&["company"]);
    filters.with("account", key).to(path)
}

/// What a search keeps of what was chosen.
pub(super) fn carried(frame: &Frame) -> Vec<AnyView> {
    let kept = frame.filters.kept(&["q"]);
    kept.map(|(name, value)| {
        view! { <input type="hidden" name=name.clone() value=value.clone()/> }.into_any()
    })
    .collect()
}

/// Where all accounts are.
pub(super) const ALL_ACCOUNTS: &str = PLATFORM_PATH;
