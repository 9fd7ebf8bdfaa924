//! Plan advice: what the last billing cycles would have cost under each plan, with the arithmetic.

use domain::{
    Credits, TimeRange,
    advice::{Replay, ReplayedCycle},
    number,
};
use leptos::prelude::*;
use service::advice::Advice;

use super::frame::{Ask, Frame};
use crate::{ADVICE_PATH, PLANS_PATH, error::AppError};

/// The page Plan advice.
#[derive(Debug, Clone)]
pub struct AdvicePage {
    frame: Frame,
    advice: Advice,
}

impl AdvicePage {
    pub(super) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(ADVICE_PATH).await?;
        let advice = ask.services.advice(&scope).await?;
        Ok(Self { frame, advice })
    }

    pub(super) fn view(self) -> AnyView {
        let parts = view! {
            {self.verdict()}
            {(!self.is_silent()).then(|| self.table())}
            <p class="dim">"Every cycle is paid for by itself: the plan, and past its credits the pack that covers the rest for least. "
                "What a pack or a plan has left at the end of a cycle is not carried over, and packs you bought at another time or price are not counted: these are figures to compare plans by, not invoices."</p>
        };
        self.frame.clone().view(
            "Plan advice",
            "Your last billing cycles, replayed under each plan.",
            parts.into_any(),
        )
    }

    fn is_silent(&self) -> bool {
        self.advice.cycles.is_empty() || self.advice.own().is_none()
    }

    fn verdict(&self) -> AnyView {
        let advice = &self.advice;
        let plans = format!("{PLANS_PATH}?account={}", self.frame.account);
        let (title, text) = if advice.cycles.is_empty() {
            (
                "Not enough data yet".to_owned(),
                "There is something to compare after the first complete billing cycle with usage."
                    .to_owned(),
            )
        } else if let Some(own) = advice.own() {
            let cycles = match advice.cycles.len() {
                1 => "the last billing cycle".to_owned(),
                count => format!("the last {count} billing cycles"),
            };
            let cost = self.money(own.total_micro);
            advice.better().map_or_else(
                || {
                    (
                        format!("{} fits", own.plan.name),
                        format!(
                            "No other plan would have cost less over {cycles}: {cost} with {}.",
                            own.plan.name
                        ),
                    )
                },
                |(best, saved)| {
                    (
                        format!(
                            "{} would have been {} cheaper",
                            best.plan.name,
                            self.money(saved)
                        ),
                        format!(
                            "Over {cycles}: {} with {}, {cost} with {}, your plan.",
                            self.money(best.total_micro),
                            best.plan.name,
                            own.plan.name
                        ),
                    )
                },
            )
        } else {
            (
                "Nothing to compare".to_owned(),
                "Your plan has no price here, or is too small with no pack to add to it."
                    .to_owned(),
            )
        };
        view! {
            <section class="card verdict" data-testid="verdict"><h2>{title}</h2><p>{text}</p>
                <a class="button" href=plans rel="external">"Plans & add-ons"</a></section>
        }
        .into_any()
    }

    fn table(&self) -> impl IntoView + use<> {
        let heads: Vec<_> = self
            .advice
            .cycles
            .iter()
            .map(|(range, used)| self.head(*range, *used))
            .collect();
        let rows: Vec<_> = self
            .advice
            .replays
            .iter()
            .map(|replay| self.row(replay))
            .collect();
        view! {
            <div class="card table-card" tabindex="0" role="group" aria-label="What each plan would have cost">
                <table data-testid="replays"><thead><tr><th scope="col">"Plan"</th>{heads}<th scope="col" class="number">"Together"</th></tr></thead><tbody>{rows}</tbody></table>
            </div>
        }
    }

    fn head(&self, range: TimeRange, used: Credits) -> impl IntoView + use<> {
        let start = self
            .advice
            .zone
            .at(range.start)
            .strftime("%-d %b %Y")
            .to_string();
        let used = format!("{} used", number::credits(used));
        view! { <th scope="col" class="number">{start}<small>{used}</small></th> }
    }

    fn row(&self, replay: &Replay) -> impl IntoView + use<> {
        let own = (replay.plan.key == self.advice.plan)
            .then(|| view! { <span class="badge">"Your plan"</span> });
        let terms = format!(
            "{} credits · {}",
            number::credits(replay.plan.credits),
            self.money(replay.plan.price_micro)
        );
        let cells: Vec<_> = replay
            .cycles
            .iter()
            .map(|cycle| {
                view! { <td class="number">{self.money(cycle.cost_micro)}<small>{sum(replay, cycle)}</small></td> }
            })
            .collect();
        view! {
            <tr><th scope="row">{replay.plan.name.clone()}" "{own}<small>{terms}</small></th>{cells}
                <td class="number"><b>{self.money(replay.total_micro)}</b></td></tr>
        }
    }

    fn money(&self, micro: i64) -> String {
        let currency = self.advice.currency.as_deref().unwrap_or_default();
        format!("{} {currency}", amount(micro))
    }
}

fn amount(micro: i64) -> String {
    number::credits(Credits::from_micro(micro))
}

/// How a cycle's cost comes about.
fn sum(replay: &Replay, cycle: &ReplayedCycle) -> String {
    let plan = amount(replay.plan.price_micro);
    cycle.packs.as_ref().map_or_else(
        || format!("{plan} plan"),
        |(pack, count)| {
            format!(
                "{plan} + {count} × {} {}",
                amount(pack.price_micro),
                pack.name
            )
        },
    )
}
