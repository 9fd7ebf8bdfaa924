//! An agency's board: what each company spends, of which budget, and when that will be used up.

mod limits;

use domain::{calendar::Zone, filter::ViewQuery, forecast::Outlook, number};
use leptos::prelude::*;
use service::companies::{Board, BoardLine, BoardQuery, PAGE_COMPANIES};

use super::{
    FramedPage,
    frame::{Ask, Frame},
    trend_parts,
};
pub(super) use limits::LimitsSheet;

use crate::{
    COMPANIES_PATH, USAGE_PATH,
    components::{
        Amount,
        filter_bar::{CYCLE_FIRST, CompanyChoice, FIND, company_choice, filter_bar},
    },
    error::AppError,
    pages::company_options::read_companies,
};

/// The page Companies.
#[derive(Debug, Clone)]
pub struct CompaniesPage {
    frame: Frame,
    board: Board,
    zone: Zone,
    search: String,
    page: usize,
    may_budget: bool,
    filter: CompanyChoice,
    edited: Option<LimitsSheet>,
}

impl FramedPage for CompaniesPage {
    const PATH: &'static str = COMPANIES_PATH;
    const TITLE: &'static str = "Companies";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(COMPANIES_PATH).await?;
        let search = ask.value("search").unwrap_or_default();
        let page = ask.value("page").and_then(|text| text.parse().ok());
        let page: usize = page.unwrap_or(1).max(1);
        let (view, _) = ViewQuery::parse(ask.query).map_err(service::ServiceError::from)?;
        let query = BoardQuery {
            view,
            search: search.clone(),
            page: page - 1,
        };
        let board = ask.services.board(&scope, &query).await?;
        let filter =
            read_companies(ask.services, &scope, &query.view.companies, ask.value(FIND)).await?;
        let zone = Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc());
        let edited = match ask.value("edit").filter(|_| scope.may_budget()) {
            Some(key) => LimitsSheet::read(ask.services, &scope, &key).await?,
            None => None,
        };
        Ok(Self {
            edited,
            frame,
            board,
            zone,
            search,
            page,
            may_budget: scope.may_budget(),
            filter,
        })
    }

    fn view(self) -> AnyView {
        let table = self.table();
        let pages = self.pages();
        let edited = self
            .edited
            .as_ref()
            .map(|edited| edited.view(&self.frame, &self.zone));
        let used = number::whole_credits(self.board.used.credits);
        let companies = if self.board.found == 1 {
            "company"
        } else {
            "companies"
        };
        let summary = format!(
            "{} {companies} · {used} credits used {}",
            number::count(self.board.found as u64),
            self.period_words(),
        );
        let parts = view! {
            {self.bar()}
            <form class="card search-form" method="get" action=COMPANIES_PATH role="search" data-apply="search">
                {self.frame.filters.kept(&[]).map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone()/> }).collect_view()}
                <label>"Search companies"<input type="search" name="search" value=self.search.clone() placeholder="Name or key contains…"/></label>
                <button class="button without-script" type="submit">"Search"</button>
                <p class="search-summary" data-live="summary">{summary}</p>
            </form>
            {table}
            {pages}
            {edited}
        };
        self.frame.view(
            "Companies",
            "Credits each company used, and how much of its budget in this billing cycle.",
            parts.into_any(),
        )
    }
}

impl CompaniesPage {
    fn bar(&self) -> AnyView {
        let filters = &self.frame.filters;
        let choices = vec![
            company_choice(filters, &self.filter),
            trend_parts::period(filters, &CYCLE_FIRST, self.board.range, &self.zone),
        ];
        filter_bar(filters, choices, ().into_any())
    }

    /// `since 9 Nov 2026` while the period runs, else from when to when.
    fn period_words(&self) -> String {
        let range = self.board.range;
        let first = self.zone.day(range.start);
        if range.contains(self.board.now) {
            format!("since {first}")
        } else {
            let last = self.zone.day(range.end.plus_micros(-1));
            format!("from {first} to {last}")
        }
    }

    fn table(&self) -> AnyView {
        if self.board.lines.is_empty() {
            let words = if self.search.trim().is_empty() {
                "No companies yet. A company appears here as soon as the platform adds it to this account."
            } else {
                "No company matches. Try another name or key."
            };
            return view! { <p class="card empty-card">{words}</p> }.into_any();
        }
        let used: Vec<_> = self
            .board
            .lines
            .iter()
            .map(|line| line.used.credits)
            .collect();
        // Where all companies stand below their total, the parts add up to it.
        let shown = number::whole_parts(&used);
        let lines = self.board.lines.iter().zip(shown);
        let rows: Vec<_> = lines.map(|(line, shown)| self.row(line, shown)).collect();
        view! {
            <div class="card table-card" tabindex="0" role="group" aria-label="Table of companies">
                <table data-testid="companies" class="board">
                    <thead><tr>
                        <th scope="col">"Company"</th><th scope="col" class="number">"Used"</th><th scope="col" class="number">"Share"</th>
                        <th scope="col">"Budget used"</th><th scope="col">"Projection"</th><th scope="col">"Limits"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    }

    fn row(&self, line: &BoardLine, shown: String) -> AnyView {
        let company = &line.company;
        let filters = self.frame.filters.with("company", &company.key);
        let href = filters.to(USAGE_PATH);
        let mark = |what: &str| format!("{what} {}", company.key);
        let share = number::percent(line.used.credits, self.board.used.credits);
        let limits = if self.may_budget {
            let words = if company.budget.is_some() {
                "Edit limits"
            } else {
                "Set budget"
            };
            let label = format!("{words} of {}", company.name);
            view! { <a class="quiet-button" href=self.frame.sheet("edit", &company.key) data-noscroll="" aria-label=label>{words}</a> }
                .into_any()
        } else {
            let caps = company.agent_caps.len();
            let words = if caps == 0 {
                "–".to_owned()
            } else {
                format!("{caps} agent {}", if caps == 1 { "cap" } else { "caps" })
            };
            view! { <span class="dim">{words}</span> }.into_any()
        };
        view! {
            <tr>
                <th scope="row"><a href=href>{company.name.clone()}</a><small>{company.key.clone()}</small></th>
                <td class="number" data-live=mark("used")><Amount credits=line.used.credits shown/><small>{number::events(line.used.events)}</small></td>
                <td class="number" data-live=mark("share")>{share}</td>
                <td data-live=mark("budget")>{budget(line)}</td>
                <td data-live=mark("outlook")>{self.runs_out(line)}</td>
                <td class="limits">{limits}</td>
            </tr>
        }
        .into_any()
    }

    fn runs_out(&self, line: &BoardLine) -> AnyView {
        let day = line.runs_out_at.map(|at| self.zone.short_day(at));
        match (line.outlook, day) {
            (Some(Outlook::UsedUp), _) => {
                view! { <span class="state bad">"Budget reached: agents stopped"</span> }.into_any()
            }
            (Some(Outlook::RunsOut), Some(day)) => {
                view! { <span class="state warn">{format!("Projected to run out {day}")}</span> }
                    .into_any()
            }
            (Some(Outlook::NotEnoughData), _) => {
                view! { <span class="dim">"Not enough data yet"</span> }.into_any()
            }
            (Some(_), _) => view! { <span class="state good">"Lasts this cycle"</span> }.into_any(),
            (None, _) => view! { <span class="dim">"No budget"</span> }.into_any(),
        }
    }

    fn pages(&self) -> Option<AnyView> {
        let last = self.board.found.div_ceil(PAGE_COMPANIES);
        (last > 1).then(|| {
            let link = |page: usize, label: &'static str| {
                let page = page.to_string();
                let place = [("search", self.search.as_str()), ("page", &page)];
                let href = self.frame.filters.href_with(&place);
                view! { <a class="button" href=href>{label}</a> }
            };
            let before = (self.page > 1).then(|| link(self.page - 1, "Previous"));
            let after = (self.page < last).then(|| link(self.page + 1, "Next"));
            let place = format!("Page {} of {last}", self.page);
            view! { <nav class="pager" aria-label="Pages">{before}<span>{place}</span>{after}</nav> }
                .into_any()
        })
    }
}

/// A budget as a bar and words.
fn budget(line: &BoardLine) -> AnyView {
    let Some(budget) = line.company.budget else {
        return view! { <span class="dim">"–"</span> }.into_any();
    };
    let part = number::percent_used(line.cycle_used.credits, budget);
    let used = line.cycle_used.credits.micro().max(0);
    let width = if budget.micro() <= 0 {
        100
    } else {
        (i128::from(used) * 100 / i128::from(budget.micro())).min(100)
    };
    let class = match width {
        100 => "mini-bar full",
        75.. => "mini-bar high",
        _ => "mini-bar",
    };
    view! {
        <span class="budget">
            <svg class=class viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width="100" height="6" rx="3"></rect>
                <rect class="fill" width=width.to_string() height="6" rx="3"></rect>
            </svg>
            <span>{part}" of "<Amount credits=budget/></span>
        </span>
    }
    .into_any()
}
