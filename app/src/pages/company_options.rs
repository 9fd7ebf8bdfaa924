//! Companies that the filter bar offers.

use leptos::prelude::*;
use service::{Scope, Services};

use super::settings::Ask;
use crate::{
    components::filter_bar::{CompanyChoice, FIND, company_options},
    error::AppError,
    functions::scope_of,
    state::{Filters, bar_page},
};

/// Companies that are offered at once: whoever has more searches for them.
const MOST_OFFERED: u32 = 50;

/// The companies to choose from, and those of `keys` as chosen.
pub(super) async fn read_companies(
    services: &Services,
    scope: &Scope,
    keys: &[String],
    search: Option<String>,
) -> Result<CompanyChoice, AppError> {
    let (chosen, count) = services.chosen_companies(scope, keys).await?;
    let offered = services
        .companies(scope, search.as_deref(), None, MOST_OFFERED)
        .await?;
    let offered = offered
        .into_iter()
        .map(|company| domain::usage::CompanyName {
            key: company.key,
            name: company.name,
        });
    Ok(CompanyChoice {
        chosen,
        offered: offered.collect(),
        count,
        search: search.unwrap_or_default(),
    })
}

/// The options of the menu of companies that a search finds, as a piece of a page.
pub async fn find_companies(ask: &Ask<'_>) -> Result<String, AppError> {
    let (_, caller) = ask.current.known()?;
    let path = ask.value("on").and_then(|path| bar_page(&path));
    let path = path.ok_or(AppError::NotFound)?;
    let (scope, view) = scope_of(ask.services, caller, ask.query).await?;
    let search = ask.value(FIND);
    let companies = read_companies(ask.services, &scope, &view.companies, search).await?;
    let filters = Filters::read(path, &scope.account().key, ask.query);
    let owner = Owner::new();
    Ok(owner.with(|| company_options(&filters, &companies).to_html()))
}
