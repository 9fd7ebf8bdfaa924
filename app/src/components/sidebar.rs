//! The navigation beside every page.

use domain::ledger::CreditFacts;
use leptos::prelude::*;

use crate::figures::icon_of;
use crate::{
    ACCOUNTS_PATH, ADVICE_PATH, ALERTS_PATH, AUDIT_PATH, BRAND_PATH, COMPANIES_PATH, GO_PATH,
    KEYS_PATH, MEMBERS_PATH, PLANS_PATH, PLATFORM_PATH, REFUNDS_PATH, REVIEW_PATH, TRENDS_PATH,
    USAGE_PATH, VALUE_PATH, YOU_PATH,
    functions::{Ability, BrandView, Reader},
    ui::Icon,
};

/// Brand, account, navigation, and who is signed in.
#[component]
pub fn Sidebar(
    /// Who reads.
    reader: Reader,
    /// Name of the account shown.
    #[prop(into)]
    account: Signal<String>,
    /// Key of the account shown.
    #[prop(into)]
    account_key: Signal<String>,
    /// Path of the page it stands beside.
    path: &'static str,
    /// What was chosen for all pages, as every link carries it: with the account.
    carried: String,
) -> impl IntoView {
    let carried_to_others = carried.clone();
    let search_href = format!("{GO_PATH}?{carried}");
    let home_href = format!("{USAGE_PATH}?{carried}");
    let carried = StoredValue::new(carried);
    let open_alerts = reader.open_alerts;
    let item = move |target: &'static str, label: &'static str| {
        let href = carried.with_value(|carried| format!("{target}?{carried}"));
        let current = (target == path).then_some("page");
        let count = (target == ALERTS_PATH).then(|| open_count(open_alerts));
        view! { <a class="nav-item" href=href aria-current=current data-prefetch="">{label}{count}</a> }
    };
    let may_switch = reader.is_staff || reader.accounts.len() > 1;
    let switch = if may_switch {
        view! { <AccountMenu account path carried=carried_to_others/> }.into_any()
    } else {
        view! { <p class="account-name">{account}</p> }.into_any()
    };
    let (sees_all, may_manage) = (reader.can(Ability::SeeAll), reader.can(Ability::Manage));
    let (is_agency, is_portal) = (reader.is_agency, reader.is_portal);
    let brand = brand(reader.brand);
    view! {
        <aside class="sidebar" data-account=account_key>
            <a class="brand" href=home_href>{brand}</a>
            {switch}
            {level(reader.credits)}
            <SearchLink href=search_href/>
            <nav class="nav" aria-label="Main">
                {reader.is_staff.then(|| view! {
                    <h2 class="nav-title">"Platform"</h2>
                    {item(PLATFORM_PATH, "Platform trends")}
                    {item(REFUNDS_PATH, "Refund requests")}
                })}
                <h2 class="nav-title">"Billing"</h2>
                {item(USAGE_PATH, "AI Credits Usage")}
                {item(TRENDS_PATH, "Trends")}
                {item(REVIEW_PATH, "Weekly review")}
                {item(VALUE_PATH, "Value")}
                {sees_all.then(|| item(ALERTS_PATH, "Alerts"))}
                {sees_all.then(|| item(COMPANIES_PATH, "Companies"))}
                {sees_all.then(|| view! {
                    {item(PLANS_PATH, "Plans & add-ons")}
                    {item(ADVICE_PATH, "Plan recommendation")}
                })}
                {(may_manage || !is_portal).then(|| view! { <h2 class="nav-title">"Settings"</h2> })}
                {may_manage.then(|| view! {
                    {item(MEMBERS_PATH, "Members")}
                    {item(KEYS_PATH, "API keys")}
                    {is_agency.then(|| item(BRAND_PATH, "Client branding"))}
                    {item(AUDIT_PATH, "Audit log")}
                })}
                {(!is_portal).then(|| item(YOU_PATH, "Your account"))}
            </nav>
            <div class="signed-in">
                <p class="signed-in-name">{reader.name}</p>
                <p class="signed-in-email" title=home_of(reader.is_staff)>{reader.email}</p>
                <div class="signed-in-actions">
                    <ThemeButton/>
                    <form method="post" action="/sign-out" data-load="">
                        <button class="quiet-button" type="submit">{Icon::SignOut.view()} "Sign out"</button>
                    </form>
                </div>
            </div>
        </aside>
    }
}

/// What somebody is here.
const fn home_of(is_staff: bool) -> &'static str {
    if is_staff { "Platform staff" } else { "Member" }
}

/// How many alerts are open. Where none is, its place is kept for those that come.
fn open_count(open: usize) -> impl IntoView {
    let words = if open == 1 { " is open" } else { " are open" };
    let said = (open > 0)
        .then(|| view! { {open.to_string()}<span class="visually-hidden">{words}</span> });
    view! { <span class="nav-count" class:is-none=open == 0 data-live="open-alerts">{said}</span> }
}

/// How the account's credits stand. It keeps its place where there is nothing to say.
fn level(credits: Option<CreditFacts>) -> impl IntoView {
    let facts = credits.filter(|facts| facts.balance.is_some());
    let state = facts.map(|facts| facts.state());
    let class = state.map_or("account-level".to_owned(), |state| {
        format!("account-level level-{}", state.id())
    });
    let said = facts.and_then(|facts| facts.label());
    let icon = state
        .filter(|_| said.is_some())
        .map(|state| icon_of(state).view());
    view! { <p class=class data-live="level">{icon}{said}</p> }
}

/// Mark and name: ours, or the agency's to its clients.
fn brand(brand: Option<BrandView>) -> impl IntoView {
    let (name, logo) = brand.map_or_else(Default::default, |brand| (brand.name, brand.logo));
    let name = if name.is_empty() {
        "Creditscope".to_owned()
    } else {
        name
    };
    let mark = if logo.is_empty() {
        view! { <span class="brand-mark">{Icon::Gauge.view()}</span> }.into_any()
    } else {
        view! { <img class="brand-logo" src=logo alt=""/> }.into_any()
    };
    view! { {mark}{name} }
}

/// The account that is shown, and the way to others.
#[component]
fn AccountMenu(
    #[prop(into)] account: Signal<String>,
    path: &'static str,
    carried: String,
) -> impl IntoView {
    let of_all = [PLATFORM_PATH, REFUNDS_PATH].contains(&path);
    let label = move || {
        if of_all {
            "All accounts".to_owned()
        } else {
            account.get()
        }
    };
    let href = format!("{ACCOUNTS_PATH}?{carried}");
    view! {
        <a class="button account-switch" href=href data-picker="Search accounts" aria-haspopup="dialog" aria-label=move || format!("Account: {}", label())>
            <span class="button-label">{label}</span>{Icon::ChevronDown.view()}
        </a>
    }
}

/// Finds pages, companies and actions by their names.
#[component]
fn SearchLink(href: String) -> impl IntoView {
    view! {
        <a class="button search-link" href=href data-picker="Search pages, companies and actions" data-command="" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K">
            {Icon::Search.view()}<span class="button-label">"Search"</span><kbd class="needs-script">"Ctrl K"</kbd>
        </a>
    }
}

/// Turns to the other of light and dark, and remembers it.
#[component]
fn ThemeButton() -> impl IntoView {
    view! {
        <button class="quiet-button needs-script" type="button" data-act="theme">
            {Icon::Sun.view()} "Theme"
        </button>
    }
}
