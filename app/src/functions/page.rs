//! Everything a page shows at first.

#[cfg(feature = "ssr")]
use domain::{Agent, Credits, ledger::CreditFacts, usage::CompanyName};
use domain::{
    activity::{LogPage, LogRow},
    usage::{Dashboard, ForecastView},
};
use leptos::{prelude::*, server_fn::codec::Post};
use serde::{Deserialize, Serialize};

use crate::{error::AppError, packed::Packed};
#[cfg(feature = "ssr")]
use {
    super::{EventAsked, TipsView},
    crate::state::{EVENT, Remedy},
};

/// Accounts that are looked for, to know whether there is another to switch to.
#[cfg(feature = "ssr")]
const OFFERED_ACCOUNTS: u32 = 2;

/// Orders that are said one by one.
#[cfg(feature = "ssr")]
const SHOWN_ORDERS: usize = 3;

/// What someone may do in an account.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// See the whole account, and so its plans and ledger.
    SeeAll,
    /// Buy credits.
    Bill,
    /// Say who belongs to it.
    Manage,
}

#[cfg(feature = "ssr")]
impl Reader {
    /// Whether they may do something in the account shown.
    pub fn can(&self, ability: Ability) -> bool {
        self.can.contains(&ability)
    }
}

/// Who reads the page.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Whether they are platform staff.
    pub is_staff: bool,
    /// What they may do in the account shown.
    pub can: Vec<Ability>,
    /// Whether the account shown is an agency's.
    pub is_agency: bool,
    /// Whether they came by a platform's link.
    pub is_portal: bool,
    /// The look of the account, for its clients; our own when none.
    pub brand: Option<BrandView>,
    /// Orders that wait for their payment, in words; none for readers of some companies only.
    pub pending: Vec<String>,
    /// Alerts that last and that nobody said they know of; none for readers of some companies only.
    pub open_alerts: usize,
    /// How the credits of the account stand; none where there are none to speak of.
    pub credits: Option<CreditFacts>,
    /// The first accounts they can see: more than one, if they can switch.
    pub accounts: Vec<CompanyName>,
}

/// An agency's look, for its clients. Its colour comes as a style sheet.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrandView {
    /// Shown in the place of our name; ours when empty.
    pub name: String,
    /// A `data:` address of a picture; our mark when empty.
    pub logo: String,
}

/// Charts as SVG texts.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charts {
    /// One for each agent's card.
    pub agents: Vec<(Agent, String)>,
    /// The cycle's cumulative use.
    pub cumulative: String,
}

/// The whole page.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Who reads it.
    pub reader: Reader,
    /// Gauge and cards.
    pub dashboard: Dashboard,
    /// Their charts.
    pub charts: Charts,
    /// What will probably be of the running cycle, of the account or of the companies looked at.
    pub forecast: Option<ForecastView>,
    /// What is worth knowing of the companies looked at.
    pub tips: TipsView,
    /// The first rows of the log, or those around the event that the address leads to.
    pub log: LogPage,
    /// The event that the address leads to.
    pub event: EventAsked,
}

/// What of the page the browser begins with: what changes are taken into, and the rows of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Gauge and cards.
    pub dashboard: Dashboard,
    /// What will probably be of the running cycle.
    pub forecast: Option<ForecastView>,
    /// The rows of the log that stand in the page.
    pub log: LogPage,
    /// The event whose receipt is open.
    pub open: Option<LogRow>,
}

#[cfg(feature = "ssr")]
impl Start {
    /// What of a page the browser begins with.
    pub fn of(page: &Page) -> Self {
        Self {
            dashboard: page.dashboard.clone(),
            forecast: page.forecast.clone(),
            log: page.log.clone(),
            open: page.event.opened().map(|event| event.row.clone()),
        }
    }
}

/// Reads again what the page of a query string begins with.
#[server(prefix = "/api/fn", client = super::PageClient, input = Post<Packed>, output = Post<Packed>)]
pub async fn load_page(query: String) -> Result<Start, AppError> {
    let services = use_context::<service::Services>().ok_or(AppError::Failed)?;
    let current = use_context::<crate::context::Current>().unwrap_or_default();
    let (_, caller) = current.known()?;
    let (scope, view) = super::scope_of(&services, caller, &query).await?;
    let (start, _) = read_start(&services, &current, (&scope, &view), &query).await?;
    Ok(start)
}

/// Reads what a page begins with, and the event that its address leads to.
#[cfg(feature = "ssr")]
async fn read_start(
    services: &service::Services,
    current: &crate::context::Current,
    (scope, view): (&service::Scope, &domain::filter::ViewQuery),
    query: &str,
) -> Result<(Start, EventAsked), AppError> {
    let others = others_of(query);
    let (asked, draft) = (value_of(&others, EVENT), current.sent.draft.as_ref());
    let event = EventAsked::find(services, scope, view, asked, draft).await?;
    let before = value_of(&others, "before").and_then(|cursor| cursor.parse().ok());
    let begins = event.just_above().or(before);
    let forecast = forecast_of(services, scope, view).await?;
    let (dashboard, log) = services.page(scope.clone(), view, begins).await?;
    let (event, log) = event.place(services, scope.clone(), view, log).await?;
    let start = Start {
        dashboard,
        forecast,
        log,
        open: event.opened().map(|event| event.row.clone()),
    };
    Ok((start, event))
}

/// Reads the page that a query string describes, as someone may see it.
#[cfg(feature = "ssr")]
pub async fn read_page(
    services: &service::Services,
    current: &crate::context::Current,
    query: &str,
) -> Result<Page, AppError> {
    let (person, caller) = current.known()?;
    let (scope, view) = super::scope_of(services, caller, query).await?;
    let reader = read_reader(services, person, caller, &scope).await?;
    let tips = tips_of(services, &scope, &view).await;
    let (start, event) = read_start(services, current, (&scope, &view), query).await?;
    let Start {
        dashboard,
        forecast,
        log,
        open: _,
    } = start;
    let projected = forecast.as_ref().and_then(|forecast| forecast.cycle_use);
    let charts = charts_of(&dashboard, projected);
    Ok(Page {
        reader,
        dashboard,
        charts,
        forecast,
        tips,
        log,
        event,
    })
}

/// What of the usage page is rendered again when something happens.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone)]
pub struct Marks {
    /// Gauge and cards.
    pub dashboard: Dashboard,
    /// Their charts.
    pub charts: Charts,
    /// What they were drawn with.
    pub forecast: Option<ForecastView>,
    /// What is worth knowing.
    pub tips: TipsView,
    /// What helps the reader when credits run out.
    pub helps: Remedy,
}

/// What of the usage page follows what happens without being taken in by the browser.
#[cfg(feature = "ssr")]
pub(crate) async fn read_marks(
    services: &service::Services,
    caller: &service::Caller,
    reader: &Reader,
    query: &str,
) -> Result<Marks, AppError> {
    let (scope, view) = super::scope_of(services, caller, query).await?;
    let forecast = forecast_of(services, &scope, &view).await?;
    let tips = tips_of(services, &scope, &view).await;
    let dashboard = services.dashboard(scope, &view).await?;
    let projected = forecast.as_ref().and_then(|forecast| forecast.cycle_use);
    let charts = charts_of(&dashboard, projected);
    Ok(Marks {
        dashboard,
        charts,
        forecast,
        tips,
        helps: Remedy::for_reader(reader),
    })
}

/// What is worth knowing of the companies looked at; nothing when it cannot be worked out.
#[cfg(feature = "ssr")]
async fn tips_of(
    services: &service::Services,
    scope: &service::Scope,
    view: &domain::filter::ViewQuery,
) -> TipsView {
    let tips = services.tips(scope, view).await;
    let tips = tips.map(|tips| TipsView::new(&tips, &scope.account().key, scope.may_budget()));
    tips.unwrap_or_default()
}

/// The charts of a view on one sheet, as an SVG file.
#[cfg(feature = "ssr")]
pub async fn read_sheet(
    services: &service::Services,
    current: &crate::context::Current,
    query: &str,
) -> Result<String, AppError> {
    let (_, caller) = current.known()?;
    let (scope, view) = super::scope_of(services, caller, query).await?;
    let forecast = forecast_of(services, &scope, &view).await?;
    let dashboard = services.dashboard(scope, &view).await?;
    let charts = charts_of(&dashboard, forecast.and_then(|forecast| forecast.cycle_use));
    Ok(crate::charts::sheet(&dashboard, &charts, &view.activities))
}

/// What will probably be of the running cycle: of the account, or of the companies looked at.
#[cfg(feature = "ssr")]
async fn forecast_of(
    services: &service::Services,
    scope: &service::Scope,
    view: &domain::filter::ViewQuery,
) -> Result<Option<ForecastView>, AppError> {
    let forecast = if scope.sees_all() && view.companies.is_empty() {
        services.forecast(scope).await?
    } else {
        services.company_forecast(scope.clone(), view).await?
    };
    Ok(Some(forecast.view()))
}

#[cfg(feature = "ssr")]
fn charts_of(dashboard: &Dashboard, projected: Option<[Credits; 3]>) -> Charts {
    use crate::charts;
    let draw = |usage: &domain::usage::AgentUsage| {
        (
            usage.agent,
            charts::agent_bars(usage, &dashboard.bars, dashboard.now),
        )
    };
    Charts {
        agents: dashboard.agents.iter().map(draw).collect(),
        cumulative: charts::cumulative(dashboard, projected.filter(|_| dashboard.looks_ahead())),
    }
}

/// What a query string says besides the view: where the log begins when a reader without scripts turned the page, and
/// the event that a link leads to.
#[cfg(feature = "ssr")]
fn others_of(query: &str) -> Vec<(String, String)> {
    domain::filter::ViewQuery::parse(query)
        .map(|(_, others)| others)
        .unwrap_or_default()
}

#[cfg(feature = "ssr")]
fn value_of<'a>(others: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    others
        .iter()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.as_str())
}

#[cfg(feature = "ssr")]
pub(crate) async fn read_reader(
    services: &service::Services,
    person: &crate::context::Person,
    caller: &service::Caller,
    scope: &service::Scope,
) -> Result<Reader, AppError> {
    let accounts = services
        .accounts(caller, None, None, OFFERED_ACCOUNTS)
        .await?;
    let abilities = [
        (Ability::SeeAll, scope.sees_all()),
        (Ability::Bill, scope.may_bill()),
        (Ability::Manage, scope.may_manage()),
    ];
    let can = abilities
        .into_iter()
        .filter_map(|(ability, may)| may.then_some(ability))
        .collect();
    let open_alerts = if scope.sees_all() {
        services.open_alerts(scope).await?.len()
    } else {
        0
    };
    Ok(Reader {
        pending: read_pending(services, scope).await?,
        credits: services.credit_facts(scope).await.ok(),
        open_alerts,
        is_staff: person.is_staff,
        can,
        is_agency: scope.account().kind == domain::tenancy::AccountKind::Agency,
        is_portal: person.is_portal,
        brand: read_brand(services, scope).await?,
        name: person.name.clone(),
        email: person.email.clone(),
        accounts: accounts
            .into_iter()
            .map(|account| CompanyName {
                key: account.key,
                name: account.name,
            })
            .collect(),
    })
}

/// The orders that wait for their payment, the newest first, one by one; what there is more is counted.
#[cfg(feature = "ssr")]
async fn read_pending(
    services: &service::Services,
    scope: &service::Scope,
) -> Result<Vec<String>, AppError> {
    if !scope.sees_all() {
        return Ok(Vec::new());
    }
    let pending = services.pending_orders(scope).await?;
    let shown = pending.iter().take(SHOWN_ORDERS);
    let mut words: Vec<_> = shown.map(crate::pages::settings::order_words).collect();
    let more = pending.len() - words.len();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    Ok(words)
}

/// Clients of an agency see its look; whoever sees all of the account sees ours.
#[cfg(feature = "ssr")]
async fn read_brand(
    services: &service::Services,
    scope: &service::Scope,
) -> Result<Option<BrandView>, AppError> {
    if scope.sees_all() {
        return Ok(None);
    }
    let brand = services.brand(scope).await?;
    Ok((!brand.is_plain()).then_some(BrandView {
        name: brand.name,
        logo: brand.logo,
    }))
}
