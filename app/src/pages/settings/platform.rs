//! Platform trends: usage across all accounts, for those who run the platform.

use domain::{
    Credits, Time, TimeRange,
    calendar::Zone,
    filter::ViewQuery,
    number,
    tenancy::{Account, Plan},
    time::DAY_US,
};
use leptos::prelude::*;
use service::{
    ServiceError,
    platform::{MOST_DAYS, PlatformBy, PlatformQuery, PlatformTrends},
    ports::ApiKey,
    trends::Mover,
};

use super::{
    FramedPage,
    endings::keys_notice,
    frame::{Ask, Frame},
    keys::MOST_KEYS,
    trend_parts::{self, TrendParts, compare_to, interval, known, linked, whole},
};
use crate::{
    PLATFORM_PATH, USAGE_PATH,
    components::filter_bar::{Choice, FIND, account_choice, filter_bar, one_of_many, segments},
    error::AppError,
    state::is_date,
};

const BY: [Choice; 4] = [
    ("agent", "Agent"),
    ("activity", "Activity"),
    ("plan", "Plan"),
    ("account", "Account"),
];
const PERIODS: [Choice; 4] = [
    ("30d", "Last 30 days"),
    ("7d", "Last 7 days"),
    ("28d", "Last 28 days"),
    ("90d", "Last 90 days"),
];
/// When in their cycles accounts ran out.
const WEEKS: [&str; service::platform::PARTS] =
    ["Week 1", "Week 2", "Week 3", "Week 4", "After day 28"];
/// The parameter that chooses an account to look at; `account` is the one that the frame is about.
const OF: &str = "of";
/// Accounts that are offered at once: whoever has more searches for them.
const MOST_ACCOUNTS: u32 = 50;
/// Plans that can be chosen from.
const MOST_PLANS: u32 = 200;

/// The page Platform trends.
#[derive(Debug, Clone)]
pub struct PlatformPage {
    frame: Frame,
    found: PlatformTrends,
    plans: Vec<Plan>,
    plan: String,
    /// The accounts to choose from, and what they were searched for by.
    offered: Vec<Account>,
    search: String,
    by: &'static str,
    asked: PlatformQuery,
    /// The platform's own keys; none for who may not manage them.
    keys: Vec<ApiKey>,
    now: Time,
}

/// Whether a custom period has both its ends, and is not longer than this page can show: one that is may have been
/// chosen on another page.
fn is_usable(from: Option<&str>, to: Option<&str>) -> bool {
    let day = |date: Option<&str>| format!("{}T00:00:00Z", date?).parse::<Time>().ok();
    let (Some(from), Some(to)) = (day(from), day(to)) else {
        return false;
    };
    to.micros_since(from) < MOST_DAYS * DAY_US
}

/// The period that is asked for. One that belongs to other pages, such as a billing cycle, is none of this one.
fn asked_period(ask: &Ask<'_>) -> ViewQuery {
    let date = |name: &str| ask.value(name).filter(|value| is_date(value));
    let (from, to) = (date("from"), date("to"));
    let is_custom = is_usable(from.as_deref(), to.as_deref());
    let named = known(&PERIODS, ask.value("period").as_deref());
    ViewQuery {
        period: (!is_custom).then(|| named.to_owned()),
        from: from.filter(|_| is_custom),
        to: to.filter(|_| is_custom),
        ..ViewQuery::default()
    }
}

impl FramedPage for PlatformPage {
    const PATH: &'static str = PLATFORM_PATH;
    const TITLE: &'static str = "Platform trends";
    const IS_REMEMBERED: bool = true;

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (_, caller) = ask.current.known()?;
        let (_, frame) = ask.frame(PLATFORM_PATH).await?;
        let by = known(&BY, ask.value("by").as_deref());
        // An account goes without a plan.
        let plan = ask.value("plan").filter(|_| ask.value(OF).is_none());
        let plan = plan.unwrap_or_default();
        let query = PlatformQuery {
            period: asked_period(ask),
            plans: Some(plan.clone())
                .filter(|key| !key.is_empty())
                .into_iter()
                .collect(),
            window: trend_parts::window(ask),
            by: by.parse().unwrap_or(PlatformBy::Agent),
            accounts: ask.value(OF).into_iter().collect(),
            compared: trend_parts::compared(ask),
        };
        let search = ask.value(FIND).unwrap_or_default();
        let offered = ask
            .services
            .accounts(
                caller,
                Some(search.as_str()).filter(|text| !text.is_empty()),
                None,
                MOST_ACCOUNTS,
            )
            .await?;
        let found = ask.services.platform_trends(caller, &query).await?;
        let plans = ask.services.plans(caller, None, MOST_PLANS).await?;
        let keys = match ask.services.keys(caller, None, None, MOST_KEYS).await {
            Ok(keys) => keys,
            Err(ServiceError::Forbidden(_) | ServiceError::NotFound) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            keys,
            now: ask.services.now(),
            frame,
            found,
            plans,
            plan,
            search,
            offered,
            by,
            asked: query,
        })
    }

    fn view(self) -> AnyView {
        let group = |key: &str| self.behind_group(key);
        let mover = |key: &str| Some(self.account(key));
        let shown = TrendParts {
            trends: &self.found.trends,
            by: self.by,
            group: &group,
            mover: &mover,
            window: &|window| self.rows_of(window),
            notes: &[],
        };
        let parts = view! {
            {keys_notice(&self.keys, &Zone::utc(), self.now)}
            {self.bar()}
            {self.tiles()}
            {shown.chart()}
            <div class="trend-pair">
                {shown.movers("Top increases", "credits now and before, by account", "No increases in this period", |mover| mover.change_micro() > 0)}
                {shown.movers("Top decreases", "credits now and before, by account", "No decreases in this period", |mover| mover.change_micro() < 0)}
                {self.largest()}
                {self.adoption()}
                {self.run_outs()}
                {self.concentration()}
            </div>
            {shown.heat()}
        };
        self.frame.clone().view(
            "Platform trends",
            "Usage across all accounts: who uses what, who grows, who runs out. Days are those of UTC.",
            parts.into_any(),
        )
    }
}

impl PlatformPage {
    pub(in crate::pages) fn file(&self) -> String {
        trend_parts::file(&self.found.trends, self.by, &[])
    }

    fn bar(&self) -> AnyView {
        let trends = &self.found.trends;
        let figures = |format: &str| self.address("/api/v1/platform/trends", &[("format", format)]);
        let chart = |format: &str| self.address(&format!("{PLATFORM_PATH}/chart.{format}"), &[]);
        let filters = &self.frame.filters;
        let choices = vec![
            self.account_choice(),
            one_of_many(&filters.without(&[OF]), "Plan", "plan", self.plan_choices()),
            trend_parts::period(filters, &PERIODS, trends.range, &trends.zone),
            compare_to(filters, trends.compared),
            segments(filters, "Group by", "by", &BY, self.by),
            interval(filters, trends.window),
        ];
        let files = trend_parts::files(&figures, &chart);
        filter_bar(filters, choices, files.into_any())
    }

    /// The menu of accounts, in the place of that of companies.
    fn account_choice(&self) -> AnyView {
        let chosen = self.asked.accounts.first();
        let mut accounts = vec![(None, "All accounts".to_owned(), chosen.is_none())];
        let is_offered = self
            .offered
            .iter()
            .any(|account| Some(&account.key) == chosen);
        let names = self.found.largest.iter();
        if let Some(key) = chosen.filter(|_| !is_offered) {
            let name = names.clone().find(|account| account.key == *key);
            let name = name.map_or(key, |account| &account.name).clone();
            accounts.push((Some(key.clone()), name, true));
        }
        accounts.extend(self.offered.iter().map(|account| {
            let is_chosen = Some(&account.key) == chosen;
            (Some(account.key.clone()), account.name.clone(), is_chosen)
        }));
        let filters = self.frame.filters.without(&["plan"]);
        account_choice(&filters, OF, accounts, &self.search)
    }

    /// The rows of a bar, where they are those of one account.
    fn rows_of(&self, window: TimeRange) -> Option<String> {
        let [account] = self.asked.accounts.as_slice() else {
            return None;
        };
        let trends = &self.found.trends;
        let shown = window.within(trends.range);
        let (from, to) = (
            trends.zone.rfc3339(shown.start),
            trends.zone.rfc3339(shown.end),
        );
        let filters = self.frame.filters.without(&["company"]);
        Some(filters.rows(&[("account", account), ("from", &from), ("to", &to)]))
    }

    fn plan_choices(&self) -> Vec<(Option<String>, String, bool)> {
        let all = (None, "All plans".to_owned(), self.plan.is_empty());
        let plans = self.plans.iter().map(|plan| {
            let is_chosen = plan.key == self.plan;
            (Some(plan.key.clone()), plan.name.clone(), is_chosen)
        });
        std::iter::once(all).chain(plans).collect()
    }

    /// An address with this view's filters.
    fn address(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if path == PLATFORM_PATH {
            query.append_pair("account", &self.frame.account);
        }
        let period = &self.asked.period;
        for (name, value) in [
            ("period", period.period.as_deref().unwrap_or_default()),
            ("from", period.from.as_deref().unwrap_or_default()),
            ("to", period.to.as_deref().unwrap_or_default()),
            ("window", self.found.trends.window.id()),
            ("by", self.by),
            ("against", self.found.trends.compared.id()),
            ("plan", &self.plan),
            (
                if path.starts_with("/api/") {
                    "account"
                } else {
                    OF
                },
                self.asked.accounts.first().map_or("", String::as_str),
            ),
        ] {
            let is_replaced = more.iter().any(|(other, _)| *other == name);
            if !value.is_empty() && !is_replaced {
                query.append_pair(name, value);
            }
        }
        query.extend_pairs(more);
        format!("{path}?{}", query.finish())
    }

    /// An account's own page.
    fn account(&self, key: &str) -> String {
        let period = ViewQuery {
            account: Some(key.to_owned()),
            against: self
                .frame
                .filters
                .value("against")
                .and_then(|with| with.parse().ok()),
            ..self.asked.period.clone()
        };
        format!("{USAGE_PATH}?{}", period.to_query())
    }

    /// An account's rows, or the accounts of a plan.
    fn behind_group(&self, key: &str) -> Option<String> {
        match self.by {
            "account" => Some(self.account(key)),
            "plan" if !key.is_empty() => {
                Some(self.address(PLATFORM_PATH, &[("plan", key), ("by", "account")]))
            }
            _ => None,
        }
    }

    fn tiles(&self) -> impl IntoView + use<> {
        let found = &self.found;
        let (active, before) = found.active;
        let run_outs = found.run_outs;
        let tiles = [
            (
                "Total accounts",
                number::count(found.accounts),
                "now".to_owned(),
            ),
            (
                "Active accounts",
                number::count(active),
                format!(
                    "{} of all accounts{}",
                    share(active, found.accounts),
                    self.before(before)
                ),
            ),
            (
                "Accounts that ran out",
                number::count(run_outs.accounts),
                format!(
                    "{} of active accounts{}",
                    share(run_outs.accounts, active),
                    self.before(run_outs.before)
                ),
            ),
        ];
        let tiles: Vec<_> = tiles
            .into_iter()
            .map(|(name, value, more)| {
                view! { <div class="card tile"><dt>{name}</dt><dd><b>{value}</b><span class="dim">{more}</span></dd></div> }
            })
            .collect();
        view! { <dl class="tiles" data-testid="tiles">{tiles}</dl> }
    }

    /// A count of the time that is compared with, where it is known.
    fn before(&self, count: u64) -> String {
        if self.found.trends.coverage.is_complete() {
            format!(" · vs {} in the previous period", number::count(count))
        } else {
            String::new()
        }
    }

    fn largest(&self) -> impl IntoView + use<> {
        let all = self.found.trends.total.credits;
        let rows = self.found.largest.iter().map(|account| {
            let Mover {
                key,
                name,
                now,
                before,
            } = account;
            view! {
                <li><span class="trend-name">{linked(name, Some(self.account(key)))}</span>
                    <b>{whole(now.credits)}</b>
                    <span class="dim">{number::percent(now.credits, all)}</span>
                    {trend_parts::change(&self.found.trends, *now, *before)}</li>
            }
            .into_any()
        });
        list(
            "trend-legend",
            "Largest accounts",
            "by credits",
            rows.collect(),
        )
    }

    fn adoption(&self) -> impl IntoView + use<> {
        let (active, _) = self.found.active;
        let rows = self.found.adoption.iter().map(|adoption| {
            fact(
                adoption.agent.name().to_owned(),
                number::count(adoption.accounts),
                format!("{} of active accounts", share(adoption.accounts, active)),
            )
        });
        facts("Adoption", "accounts that used each agent", rows.collect())
    }

    fn run_outs(&self) -> impl IntoView + use<> {
        let weeks = self.found.run_outs.weeks;
        let all: u64 = weeks.iter().sum();
        let shares = number::percent_parts(&weeks.map(counted), counted(all));
        let rows = WEEKS
            .iter()
            .zip(weeks)
            .zip(shares)
            .map(|((week, count), share)| fact((*week).to_owned(), number::count(count), share));
        let times = if all == 1 { "time" } else { "times" };
        let lead = format!(
            "{} {times}, by week of the billing cycle",
            number::count(all)
        );
        facts("When accounts ran out", lead, rows.collect())
    }

    fn concentration(&self) -> impl IntoView + use<> {
        let all = self.found.trends.total.credits;
        let rows = self.found.concentration.iter().map(|part| {
            let who = match part.accounts {
                1 => "The largest account".to_owned(),
                count => format!("The {} largest", number::count(count)),
            };
            fact(who, whole(part.credits), number::percent(part.credits, all))
        });
        facts(
            "Usage concentration",
            "share of all credits",
            rows.collect(),
        )
    }
}

fn facts(title: &'static str, lead: impl Into<String>, rows: Vec<AnyView>) -> AnyView {
    list("trend-legend trend-facts", title, lead, rows)
}

fn list(
    class: &'static str,
    title: &'static str,
    lead: impl Into<String>,
    rows: Vec<AnyView>,
) -> AnyView {
    let lead = lead.into();
    let nothing = rows
        .is_empty()
        .then(|| view! { <p class="dim">"No usage in this period"</p> });
    view! {
        <section class="card trend-movers"><h2>{title}<small>{lead}</small></h2><ul class=class>{rows}</ul>{nothing}</section>
    }
    .into_any()
}

fn fact(name: String, value: impl IntoView + 'static, share: String) -> AnyView {
    view! { <li><span class="trend-name">{name}</span><b>{value}</b><span class="dim">{share}</span></li> }.into_any()
}

/// A part in percent.
fn share(part: u64, all: u64) -> String {
    number::percent(counted(part), counted(all))
}

/// A count, where shares are worked out of credits.
fn counted(count: u64) -> Credits {
    Credits::from_micro(i64::try_from(count).unwrap_or(i64::MAX))
}
