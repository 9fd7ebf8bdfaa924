//! Weekly review: what changed in a week, what was unusual, who caused it, and what can be done about it.

use domain::{
    Credits, Time, TimeRange,
    activity::activity_label,
    calendar::{Window, Zone},
    filter::{Comparison, ViewQuery},
    number,
    time::{DAY_US, HOUR_US},
};
use leptos::prelude::*;
use service::{
    review::{Review, ReviewQuery},
    spikes::{FoundSpike, NamedCause},
    trends::Trends,
};

use super::{
    FramedPage,
    companies::LimitsSheet,
    frame::{Ask, Frame, at, hidden},
    trend_parts::{TrendParts, change, linked, part, uncompared, whole},
};
use crate::{
    REVIEW_PATH,
    components::filter_bar::{
        Choice, CompanyChoice, FIND, company_choice, filter_bar, one_of, one_of_many,
    },
    error::AppError,
    pages::company_options::read_companies,
};

/// What a week can be compared with.
const COMPARED: [Choice; 3] = [
    ("week", "Previous week"),
    ("year", "Same period last year"),
    ("none", "Nothing"),
];
/// Weeks that the menu offers.
const WEEKS_OFFERED: usize = 8;

/// The page Weekly review.
#[derive(Debug, Clone)]
pub struct ReviewPage {
    frame: Frame,
    review: Review,
    filter: CompanyChoice,
    /// The sheet with the limits of one company.
    edited: Option<LimitsSheet>,
    may_budget: bool,
    may_mark: bool,
}

/// `Mon 23 Nov, 14:00 – 17:00`.
pub fn hours_of(range: TimeRange, zone: &Zone) -> String {
    let (from, to) = (zone.at(range.start), zone.at(range.end));
    let end = if from.date() == to.date() {
        to.strftime("%H:%M")
    } else {
        to.strftime("%a %-d %b, %H:%M")
    };
    format!("{} – {end}", from.strftime("%a %-d %b, %H:%M"))
}

pub(super) fn date(time: Time, zone: &Zone) -> String {
    zone.at(time).strftime("%Y-%m-%d").to_string()
}

/// The address of the week of an account that holds a time.
pub fn week_address(account: &str, time: Time, zone: &Zone) -> String {
    format!("{REVIEW_PATH}?account={account}&week={}", date(time, zone))
}

impl FramedPage for ReviewPage {
    const PATH: &'static str = REVIEW_PATH;
    const TITLE: &'static str = "Weekly review";
    const IS_REMEMBERED: bool = true;

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(REVIEW_PATH).await?;
        let (view, _) = ViewQuery::parse(ask.query).map_err(service::ServiceError::from)?;
        let query = ReviewQuery {
            week: ask.value("week"),
            companies: view.companies,
            // The period before a week is the week before.
            against: view.against.filter(|with| *with != Comparison::Previous),
        };
        let review = ask.services.review(scope.clone(), &query).await?;
        let filter =
            read_companies(ask.services, &scope, &query.companies, ask.value(FIND)).await?;
        let edited = match ask.value("edit").filter(|_| scope.may_budget()) {
            Some(key) => LimitsSheet::read(ask.services, &scope, &key).await?,
            None => None,
        };
        Ok(Self {
            // Who looked at some companies did not look through the week.
            may_mark: scope.may_dispute() && scope.sees_all() && query.companies.is_empty(),
            may_budget: scope.may_budget(),
            frame,
            review,
            filter,
            edited,
        })
    }

    fn view(self) -> AnyView {
        let zone = &self.review.spikes.zone;
        let edited = self.edited.as_ref();
        let edited = edited.map(|edited| edited.view(&self.frame, zone));
        let parts = view! {
            {self.bar()}
            {self.week()}
            {self.unusual()}
            <section aria-labelledby="changed">
                <header class="section-header"><h2 id="changed">"What changed"</h2><p>{self.compared_words()}</p></header>
                <div class="trend-pair">
                    {self.movers(&self.review.by_agent, "agent", "By agent")}
                    {self.movers(&self.review.by_company, "company", "By company")}
                </div>
            </section>
            {edited}
        };
        self.frame.clone().view(
            "Weekly review",
            "The spikes of a week, who caused them, and what changed.",
            parts.into_any(),
        )
    }
}

impl ReviewPage {
    /// The filters: the week stands in the place of the period.
    fn bar(&self) -> AnyView {
        let filters = &self.frame.filters;
        let choices = vec![
            company_choice(filters, &self.filter),
            self.weeks(),
            one_of(
                filters,
                "Compare to",
                "against",
                &COMPARED,
                self.review.by_agent.compared.id(),
            ),
        ];
        filter_bar(filters, choices, ().into_any())
    }

    /// The menu of weeks: the last ones, and the one that is shown.
    fn weeks(&self) -> AnyView {
        let zone = &self.review.spikes.zone;
        let running = Window::Week.start_of(self.review.by_agent.now, zone);
        let mut starts = vec![running];
        while starts.len() < WEEKS_OFFERED {
            let after = starts.last().copied().unwrap_or(running);
            starts.push(Window::Week.start_of(after.plus_micros(-DAY_US), zone));
        }
        let shown = self.review.week.start;
        if !starts.contains(&shown) {
            starts.push(shown);
            starts.sort_unstable_by_key(|start| std::cmp::Reverse(*start));
        }
        let weeks: Vec<_> = starts
            .into_iter()
            .map(|start| {
                let last = Window::Week.next(start, zone).plus_micros(-1);
                let words = format!("{} – {}", zone.short_day(start), zone.short_day(last));
                let value = (start != running).then(|| date(start, zone));
                (value, words, start == shown)
            })
            .collect();
        one_of_many(&self.frame.filters, "Week", "week", weeks)
    }

    fn compared_words(&self) -> String {
        match self.review.by_agent.compared {
            Comparison::Nothing => "Not compared with anything.".to_owned(),
            Comparison::Year => "Compared with the same dates last year.".to_owned(),
            Comparison::Week | Comparison::Previous => {
                "Compared with the same days of the previous week.".to_owned()
            }
        }
    }

    /// The week, the way to others, and who looked through it.
    fn week(&self) -> impl IntoView + use<> {
        let review = &self.review;
        let zone = &review.spikes.zone;
        let day = |time: Time| zone.day(time);
        let last = review.week.end.plus_micros(-1);
        let link = |time: Time, label: &'static str| {
            view! { <a class="button" href=self.of_week(time)>{label}</a> }
        };
        let before = link(review.week.start.plus_micros(-DAY_US), "Previous week");
        let after = review
            .is_over
            .then(|| link(review.week.end.plus_micros(HOUR_US), "Next week"));
        let (now, then) = (review.by_agent.total, review.by_agent.previous);
        let before_words = uncompared(&review.by_agent).unwrap_or_else(|| {
            let then = number::whole_credits(then.credits);
            let name = review.by_agent.compared.words().unwrap_or_default();
            format!("vs {then} in {name}")
        });
        let so_far = if review.is_over { "" } else { " so far" };
        let reviewed = match &review.reviewed {
            Some((time, who)) => view! { <p class="state good" data-testid="reviewed">{format!("Reviewed by {who}, {}", at(*time, zone))}</p> }.into_any(),
            None if self.may_mark => view! {
                <form method="post" action="/billing/review/mark">
                    {hidden("account", self.frame.account.clone())}{hidden("week", date(review.week.start, zone))}{hidden("next", self.of_week(review.week.start))}
                    <button class="button primary" type="submit">"Mark as reviewed"</button>
                </form>
            }.into_any(),
            None => view! { <p class="dim">"Not reviewed yet"</p> }.into_any(),
        };
        view! {
            <section class="card review-week" aria-label="The week">
                <div>
                    <h2>{format!("{} – {}", day(review.week.start), day(last))}</h2>
                    <p class="trend-total"><b>{whole(now.credits)}</b>{format!(" credits{so_far} ")}{change(&review.by_agent, now, then)}<span class="dim">{before_words}</span></p>
                </div>
                <div class="row-actions">{before}{after}{reviewed}</div>
            </section>
        }
    }

    fn of_week(&self, time: Time) -> String {
        let day = date(time, &self.review.spikes.zone);
        self.frame.filters.with("week", &day).href()
    }

    fn unusual(&self) -> impl IntoView + use<> {
        let zone = self.review.spikes.zone.name();
        let cards = match &self.review.spikes.spikes {
            None => view! { <p class="card empty-card">"Not enough data yet: what to expect is known after two weeks of usage."</p> }.into_any(),
            Some(spikes) if spikes.is_empty() => view! { <p class="card empty-card" data-testid="calm">"No spikes: every hour was about as expected."</p> }.into_any(),
            Some(spikes) => {
                let cards: Vec<_> = spikes.iter().map(|spike| self.spike(spike)).collect();
                view! { <div class="stack">{cards}</div> }.into_any()
            }
        };
        view! {
            <section aria-labelledby="unusual" data-testid="spikes">
                <header class="section-header"><h2 id="unusual">"Spikes"</h2><p>{format!("Hours that used far more than expected from the same hours of the weeks before. Times are in {zone}.")}</p></header>
                {cards}
            </section>
        }
    }

    fn spike(&self, found: &FoundSpike) -> AnyView {
        let spike = &found.spike;
        let zone = &self.review.spikes.zone;
        let when = hours_of(spike.range, zone);
        let causes = found.causes.iter().map(|cause| cause.excess);
        let parts: Vec<_> = causes.chain([found.others]).collect();
        let wholes = number::whole_parts(&parts);
        let figures: Vec<_> = wholes.into_iter().zip(found.shares()).collect();
        let rows: Vec<_> = found
            .causes
            .iter()
            .zip(&figures)
            .map(|(cause, (shown, share))| self.cause(found, cause, (shown, share)))
            .collect();
        let others = figures.last().filter(|_| !found.others.is_zero()).map(|(shown, share)| {
            let (name, share) = if found.others > Credits::ZERO {
                ("Other", share.clone())
            } else {
                ("Offset by lower use elsewhere", String::new())
            };
            view! { <tr><th scope="row">{name}</th><td class="number">{signed(found.others, shown)}</td><td class="number">{share}</td><td></td><td></td></tr> }
        });
        let href = self.rows_of(spike.range, &[]);
        view! {
            <article class="card spike-card">
                <header><h3><a href=href>{when}</a></h3>
                    <p><b>{whole(spike.used)}</b>" vs "{whole(spike.expected)}" expected"</p></header>
                <div class="table-card" tabindex="0" role="group" aria-label="Table of causes">
                    <table><thead><tr><th scope="col">"Cause"</th><th scope="col" class="number">"Increase"</th><th scope="col" class="number">"Share of increase"</th><th scope="col">"Peak hour"</th><th scope="col">"Limit"</th></tr></thead><tbody>{rows}{others}</tbody></table>
                </div>
            </article>
        }
        .into_any()
    }

    fn cause(
        &self,
        found: &FoundSpike,
        cause: &NamedCause,
        (shown, share): (&str, &str),
    ) -> AnyView {
        let zone = &self.review.spikes.zone;
        let keys = [
            ("company", cause.company.key.as_str()),
            ("agent", cause.agent.id()),
            ("activity", cause.activity.as_str()),
        ];
        let href = self.rows_of(found.spike.range, &keys);
        let what = format!(
            "{} · {}",
            cause.agent.name(),
            activity_label(&cause.activity)
        );
        let worst = TimeRange::new(cause.worst_hour, cause.worst_hour.plus_micros(HOUR_US));
        let hour = zone.at(cause.worst_hour).strftime("%H:%M").to_string();
        let expected = format!(
            "{} vs {} expected",
            number::whole_credits(cause.used),
            number::whole_credits(cause.expected)
        );
        view! {
            <tr><th scope="row">{linked(&cause.company.name, Some(href))}<small>{what}</small></th>
                <td class="number">{signed(cause.excess, shown)}<small>{expected}</small></td>
                <td class="number">{share.to_owned()}</td>
                <td>{linked(&hour, Some(self.rows_of(worst, &keys)))}</td>
                <td class="limits">{self.limit(cause)}</td></tr>
        }
        .into_any()
    }

    /// Leads to the sheet with the limits of the company, over this page.
    fn limit(&self, cause: &NamedCause) -> AnyView {
        if !self.may_budget {
            return view! { <span class="dim">"–"</span> }.into_any();
        }
        let label = format!("Set a limit for {}", cause.company.name);
        let href = self.frame.sheet("edit", &cause.company.key);
        view! { <a class="quiet-button" href=href data-noscroll="" aria-label=label>"Set a limit"</a> }
            .into_any()
    }

    fn movers(
        &self,
        trends: &Trends,
        by: &'static str,
        title: &'static str,
    ) -> impl IntoView + use<> {
        let range = trends.range;
        let rows_of = |key: &str| Some(self.rows_of(range, &[(by, key)]));
        let parts = TrendParts {
            trends,
            by,
            group: &rows_of,
            mover: &rows_of,
            window: &|_| None,
            notes: &[],
        };
        parts.movers(
            title,
            "the largest changes first",
            "No changes in this week",
            |_| true,
        )
    }

    /// The rows of a stretch of time, of some company, agent or activity.
    fn rows_of(&self, range: TimeRange, narrowed: &[(&str, &str)]) -> String {
        let zone = &self.review.spikes.zone;
        let (from, to) = (zone.rfc3339(range.start), zone.rfc3339(range.end));
        let mut rows = vec![("from", from.as_str()), ("to", to.as_str())];
        rows.extend(narrowed);
        self.frame.filters.rows(&rows)
    }
}

/// A change in whole credits, with its sign.
fn signed(amount: Credits, shown: &str) -> impl IntoView + use<> {
    let sign = if amount > Credits::ZERO { "+" } else { "" };
    part(amount, format!("{sign}{shown}"))
}
