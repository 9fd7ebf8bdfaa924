//! Chooses one, some or all companies.

use domain::usage::CompanyName;
use leptos::prelude::*;

use super::{NamedChoice, item, kept, many, menu};
use crate::{COMPANY_OPTIONS_PATH, state::Filters};

/// From this many companies on the menu has a search field.
const SEARCH_FROM: u32 = 8;
/// The parameter that asks for companies by name, where no script does.
pub const FIND: &str = "find";

/// The companies a reader can choose from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyChoice {
    /// What is chosen; empty for all.
    pub chosen: Vec<CompanyName>,
    /// What is offered, in its order.
    pub offered: Vec<CompanyName>,
    /// How many there are to choose from.
    pub count: u32,
    /// What they were searched for by.
    pub search: String,
}

impl CompanyChoice {
    /// What is chosen, in words.
    fn words(&self) -> String {
        match self.chosen.as_slice() {
            [] => "All companies".to_owned(),
            [only] => only.name.clone(),
            [first, rest @ ..] => format!("{} + {}", first.name, rest.len()),
        }
    }
}

/// The menu of accounts, with a search by name; `name` is the parameter.
pub fn account_choice(
    filters: &Filters,
    name: &'static str,
    accounts: Vec<NamedChoice>,
    search: &str,
) -> AnyView {
    let has_search = accounts.len() > SEARCH_FROM as usize || !search.is_empty();
    let field = has_search.then(|| {
        view! {
            <form class="filter-search" method="get" action=filters.path() role="search">
                {kept(filters, &[])}
                <input class="menu-search" type="search" name=FIND value=search.to_owned() maxlength="200" autocomplete="off"
                    placeholder="Name or key contains…" aria-label="Find an account"/>
                <button class="button without-script" type="submit">"Find"</button>
            </form>
        }
        .into_any()
    });
    many(
        filters,
        "Account",
        name,
        accounts,
        field,
        !search.is_empty(),
    )
}

/// The menu of companies. A name chooses that one alone; a box adds it to what is chosen, or takes it away.
pub fn company_choice(filters: &Filters, companies: &CompanyChoice) -> AnyView {
    let is_all = companies.chosen.is_empty();
    let all = filters.without(&["company"]).href();
    let search = (companies.count >= SEARCH_FROM).then(|| search(filters, &companies.search));
    let panel = view! {
        {search}
        {item("All companies".to_owned(), all.clone(), is_all)}
        <form class="filter-form" method="get" action=filters.path() data-apply="company">
            {kept(filters, &["company"])}
            <div class="menu-scroll" id="company-options">{company_options(filters, companies)}</div>
            <button class="button without-script" type="submit">"Show"</button>
        </form>
    };
    let clear = (!is_all).then_some(all);
    menu(
        "company",
        "Company",
        companies.words(),
        clear,
        panel.into_any(),
        !companies.search.is_empty(),
    )
}

/// Finds companies by name: the server does, so that it makes no difference how many there are.
fn search(filters: &Filters, text: &str) -> AnyView {
    let options = format!("{COMPANY_OPTIONS_PATH}?{}", filters.query());
    view! {
        <form class="filter-search" method="get" action=filters.path() role="search" data-find=options>
            {kept(filters, &[])}
            <input class="menu-search" type="search" name=FIND value=text.to_owned() maxlength="200" autocomplete="off"
                placeholder="Name or key contains…" aria-label="Find a company"/>
            <input type="hidden" name="on" value=filters.path()/>
            <button class="button without-script" type="submit">"Find"</button>
        </form>
    }
    .into_any()
}

/// What is offered: chosen companies that are not among what was found come first, so that they can be given up.
pub fn company_options(filters: &Filters, companies: &CompanyChoice) -> AnyView {
    let is_chosen =
        |company: &CompanyName| companies.chosen.iter().any(|one| one.key == company.key);
    let is_offered =
        |company: &&CompanyName| companies.offered.iter().any(|one| one.key == company.key);
    let others = companies
        .chosen
        .iter()
        .filter(|company| !is_offered(company));
    let rows: Vec<_> = others
        .chain(&companies.offered)
        .map(|company| option(filters, company, is_chosen(company)))
        .collect();
    let nothing = rows
        .is_empty()
        .then(|| view! { <p class="menu-hint">"No company matches."</p> });
    view! { {rows}{nothing} }.into_any()
}

fn option(filters: &Filters, company: &CompanyName, is_chosen: bool) -> AnyView {
    let CompanyName { key, name } = company.clone();
    let href = filters.with("company", &key).href();
    let current = is_chosen.then_some("true");
    let spoken = format!("Include {name}");
    view! {
        <div class="filter-option">
            <input type="checkbox" name="company" value=key checked=is_chosen aria-label=spoken/>
            <a class="menu-item" href=href data-noscroll="" aria-current=current>{name}</a>
        </div>
    }
    .into_any()
}
