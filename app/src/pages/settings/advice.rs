//! Plan recommendation: what the last billing cycles would have cost under each plan, with the arithmetic.

use domain::{
    Credits, TimeRange,
    advice::{Replay, ReplayedCycle},
    number,
};
use leptos::prelude::*;
use service::advice::Advice;

use super::FramedPage;
use super::frame::{Ask, Frame};
use crate::{ADVICE_PATH, PLANS_PATH, components::Amount, error::AppError};

/// The page Plan recommendation.
#[derive(Debug, Clone)]
pub struct AdvicePage {
    frame: Frame,
    advice: Advice,
}

impl FramedPage for AdvicePage {
    const PATH: &'static str = ADVICE_PATH;
    const TITLE: &'static str = "Plan recommendation";
    const IS_REMEMBERED: bool = true;

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(ADVICE_PATH).await?;
        let advice = ask.services.advice(&scope).await?;
        Ok(Self { frame, advice })
    }

    fn view(self) -> AnyView {
        let parts = view! {
            {self.verdict()}
            {(!self.is_silent()).then(|| self.table())}
            <p class="dim">"Each cycle is calculated on its own: the plan, and for use past its credits the packs that cover it for the lowest price. "
                "Credits that remain at the end of a cycle are not rolled over, and packs you bought at another time or price are not counted. Use these figures to compare plans; they are not invoices."{self.open()}</p>
        };
        self.frame.clone().view(
            "Plan recommendation",
            "What your last billing cycles would have cost under each plan.",
            parts.into_any(),
        )
    }
}

impl AdvicePage {
    fn is_silent(&self) -> bool {
        self.advice.cycles.is_empty() || self.advice.own().is_none()
    }

    /// What is said where cheaper packs may exist.
    fn open(&self) -> Option<&'static str> {
        let mut cycles = self.advice.replays.iter().flat_map(|replay| &replay.cycles);
        cycles
            .any(|cycle| !cycle.is_cheapest)
            .then_some(" There are too many combinations of packs to compare all of them; the packs shown may not be the cheapest.")
    }

    fn verdict(&self) -> AnyView {
        let plans = format!("{PLANS_PATH}?account={}", self.frame.account);
        let (title, text) = verdict(&self.advice);
        view! {
            <section class="card verdict" data-testid="verdict"><h2>{title}</h2><p>{text}</p>
                <a class="button" href=plans>"Plans & add-ons"</a></section>
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
                <table data-testid="replays"><thead><tr><th scope="col">"Plan"</th>{heads}<th scope="col" class="number">"Total"</th></tr></thead><tbody>{rows}</tbody></table>
            </div>
        }
    }

    fn head(&self, range: TimeRange, used: Credits) -> impl IntoView + use<> {
        let start = self.advice.zone.day(range.start);
        view! { <th scope="col" class="number">{start}<small><Amount credits=used/>" used"</small></th> }
    }

    fn row(&self, replay: &Replay) -> impl IntoView + use<> {
        let own = (replay.plan.key == self.advice.plan)
            .then(|| view! { <span class="badge">"Your plan"</span> });
        let price = money(replay.plan.price_micro, &self.advice);
        let cells: Vec<_> = replay
            .cycles
            .iter()
            .map(|cycle| {
                view! { <td class="number">{money(cycle.cost_micro, &self.advice)}<small class="sum">{sum(replay, cycle, &self.advice)}</small></td> }
            })
            .collect();
        view! {
            <tr><th scope="row">{replay.plan.name.clone()}" "{own}<small><Amount credits=replay.plan.credits/>" credits · "{price}</small></th>{cells}
                <td class="number"><b>{money(replay.total_micro, &self.advice)}</b></td></tr>
        }
    }
}

/// What the comparison comes to: a title and a sentence.
fn verdict(advice: &Advice) -> (String, String) {
    if advice.cycles.is_empty() {
        return (
            "Not enough data yet".to_owned(),
            "A recommendation appears after your first complete billing cycle with usage."
                .to_owned(),
        );
    }
    let Some(own) = advice.own() else {
        return (
            "Nothing to compare".to_owned(),
            "Your plan has no price here, or it is too small and there is no pack to add."
                .to_owned(),
        );
    };
    let cycles = match advice.cycles.len() {
        1 => "your last billing cycle".to_owned(),
        count => format!("your last {count} billing cycles"),
    };
    let cost = money(own.total_micro, advice);
    let title = |plan: &str| format!("{plan} is your lowest-cost plan");
    match advice.better() {
        None => (
            title(&own.plan.name),
            format!("{cost} for {cycles}: no other plan would have cost less."),
        ),
        Some((best, saved)) => (
            title(&best.plan.name),
            format!(
                "For {cycles}, {} would have cost {} and {}, your plan, {cost}: {} less.",
                best.plan.name,
                money(best.total_micro, advice),
                own.plan.name,
                money(saved, advice)
            ),
        ),
    }
}

fn money(micro: i64, advice: &Advice) -> String {
    let currency = advice.currency.as_deref().unwrap_or_default();
    number::money(i128::from(micro), currency)
}

/// How a cycle's cost comes about: `€499.00 plan + 1 × €59.00 Boost + 2 × €15.00 Top-up`.
fn sum(replay: &Replay, cycle: &ReplayedCycle, advice: &Advice) -> String {
    let packs = cycle.packs.iter().map(|(pack, count)| {
        let price = money(pack.price_micro, advice);
        format!(
            " + {} × {price} {}",
            number::count(count.unsigned_abs()),
            pack.name
        )
    });
    let plan = money(replay.plan.price_micro, advice);
    format!("{plan} plan{}", packs.collect::<String>())
}

#[cfg(all(test, feature = "ssr"))]
#[expect(clippy::unwrap_used, reason = "a test stops at the first failure")]
mod tests {
    use domain::{advice::Offer, calendar::Zone};

    use super::*;

    fn offer(name: &str, credits: i64, price: i64) -> Offer {
        Offer {
            key: name.to_lowercase(),
            name: name.to_owned(),
            credits: Credits::from_whole(credits).unwrap(),
            price_micro: price * 1_000_000,
        }
    }

    fn advice(plan: &str, used: i64) -> Advice {
        let used = Credits::from_whole(used).unwrap();
        let plans = [offer("Growth", 75_000, 499), offer("Scale", 250_000, 1_390)];
        let packs = [offer("Boost", 5_000, 59), offer("Top-up", 1_000, 15)];
        let [start, end] = ["2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"];
        Advice {
            zone: Zone::named("UTC").unwrap(),
            cycles: vec![(
                TimeRange::new(start.parse().unwrap(), end.parse().unwrap()),
                used,
            )],
            plan: plan.to_owned(),
            currency: Some("EUR".to_owned()),
            replays: domain::advice::replay(&[used], &plans, &packs),
        }
    }

    #[test]
    fn the_arithmetic_names_each_pack_that_is_needed_and_adds_up() {
        let advice = advice("growth", 81_700);
        let replay = &advice.replays[0];
        assert_eq!(
            sum(replay, &replay.cycles[0], &advice),
            "€499.00 plan + 1 × €59.00 Boost + 2 × €15.00 Top-up"
        );
        assert_eq!(money(replay.total_micro, &advice), "€588.00");
    }

    #[test]
    fn the_plan_that_costs_least_is_named() {
        assert_eq!(
            verdict(&advice("growth", 81_700)),
            (
                "Growth is your lowest-cost plan".to_owned(),
                "€588.00 for your last billing cycle: no other plan would have cost less."
                    .to_owned()
            )
        );
        assert_eq!(
            verdict(&advice("scale", 80_000)),
            (
                "Growth is your lowest-cost plan".to_owned(),
                "For your last billing cycle, Growth would have cost €558.00 and Scale, your plan, €1,390.00: €832.00 less.".to_owned()
            )
        );
    }
}
