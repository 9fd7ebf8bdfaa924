//! The filters of the whole page: companies and period.

use domain::usage::{CompanyName, Dashboard};
use leptos::prelude::*;

use crate::{
    functions::find_companies,
    state::{Url, period_name, use_go},
    ui::{Lifetime, Menu, MenuItem},
};

/// The named periods, in menu order.
const PERIODS: [&str; 6] = ["this_cycle", "last_cycle", "7d", "28d", "30d", "90d"];
/// From this many companies on the menu has a search field.
const SEARCH_FROM: u32 = 8;

/// Chooses one, some or all companies.
#[component]
pub fn CompanyFilter(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// The view.
    url: Memo<Url>,
    /// The companies offered.
    companies: RwSignal<Vec<CompanyName>>,
) -> impl IntoView {
    let label = Signal::derive(move || {
        dashboard.with(|dashboard| match dashboard.companies.as_slice() {
            [] => "All companies".to_owned(),
            [only] => only.name.clone(),
            [first, rest @ ..] => format!("{} + {}", first.name, rest.len()),
        })
    });
    let count = Signal::derive(move || {
        dashboard.with(|dashboard| {
            dashboard
                .companies
                .is_empty()
                .then_some(dashboard.account.companies)
        })
    });
    let has_search = move || dashboard.with(|dashboard| dashboard.account.companies >= SEARCH_FROM);
    let all = Signal::derive(move || url.get().all_companies().href());
    let is_all = Signal::derive(move || url.with(|url| url.0.companies.is_empty()));
    let asked = StoredValue::new(0_u32);
    let lifetime = Lifetime::of_component();
    let search = move |text: String| {
        let number = asked.get_value() + 1;
        asked.set_value(number);
        lifetime.spawn(async move {
            let query = url.with_untracked(|url| url.0.to_query());
            let found = find_companies(query, text).await;
            // An answer to an earlier text may come later.
            if let Ok(found) = found
                && asked.get_value() == number
            {
                companies.set(found);
            }
        });
    };
    // What is chosen can be given up without looking for it.
    let offered = move || {
        let found = companies.get();
        let chosen = dashboard.with(|dashboard| dashboard.companies.clone());
        let others = chosen
            .into_iter()
            .filter(|company| !found.contains(company));
        let mut all: Vec<_> = others.collect();
        all.extend(found);
        all
    };
    view! {
        <Menu label name="Companies" count=count>
            {move || has_search().then(|| view! {
                <input class="menu-search needs-script" type="search" placeholder="Name or key contains…" aria-label="Find a company"
                    on:input:target=move |event| search(event.target().value())/>
            })}
            <MenuItem label="All companies" href=all chosen=is_all/>
            <div class="menu-scroll">
                <For each=offered key=|company| company.key.clone() let:company>
                    <CompanyItem company url/>
                </For>
            </div>
        </Menu>
    }
}

#[component]
fn CompanyItem(company: CompanyName, url: Memo<Url>) -> impl IntoView {
    let (key, same) = (company.key.clone(), company.key);
    let href = Signal::derive(move || url.get().toggle_company(&key).href());
    let chosen = Signal::derive(move || url.with(|url| url.0.companies.contains(&same)));
    view! { <MenuItem label=company.name href chosen/> }
}

/// Chooses a named period, or one from a date to a date.
#[component]
pub fn PeriodFilter(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// The view.
    url: Memo<Url>,
) -> impl IntoView {
    let label = Signal::derive(move || {
        url.with(|url| match &url.0.period {
            _ if url.0.from.is_some() => dashboard.with(|dashboard| dashboard.period.label.clone()),
            period => period_name(period.as_deref().unwrap_or_default()).to_owned(),
        })
    });
    let items = PERIODS.map(|period| {
        let href = Signal::derive(move || url.get().period(period).href());
        let chosen = Signal::derive(move || {
            url.with(|url| {
                url.0.from.is_none() && url.0.period.as_deref().unwrap_or("this_cycle") == period
            })
        });
        view! { <MenuItem label=period_name(period) href chosen/> }
    });
    view! {
        <Menu label name="Period" align_end=true>
            {items.into_iter().collect_view()}
            <CustomPeriod url/>
        </Menu>
    }
}

#[component]
fn CustomPeriod(url: Memo<Url>) -> impl IntoView {
    let go = use_go(false);
    let (from, to) = (
        NodeRef::<leptos::html::Input>::new(),
        NodeRef::<leptos::html::Input>::new(),
    );
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (Some(from), Some(to)) = (from.get_untracked(), to.get_untracked()) else {
            return;
        };
        go(&url.get_untracked().between(&from.value(), &to.value()));
    };
    let date = |text: Option<String>| text.filter(|text| text.len() == 10);
    // Without scripts the form itself asks for the period.
    view! {
        <form class="menu-form" method="get" action=crate::USAGE_PATH on:submit=submit>
            <KeptFields url asked=&["period", "from", "to"]/>
            <label>"From"<input node_ref=from type="date" name="from" required value=move || url.with(|url| date(url.0.from.clone()))/></label>
            <label>"To"<input node_ref=to type="date" name="to" required value=move || url.with(|url| date(url.0.to.clone()))/></label>
            <button class="button primary" type="submit">"Show"</button>
        </form>
    }
}

/// What a form keeps of the view when it is sent without scripts: everything but what it asks for itself.
#[component]
pub fn KeptFields(
    /// The view.
    url: Memo<Url>,
    /// Names of the parameters that the form sets, or that make way for them.
    asked: &'static [&'static str],
) -> impl IntoView {
    let kept = url
        .with_untracked(|url| url.0.pairs())
        .into_iter()
        .filter(|(name, _)| !asked.contains(name));
    kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}
