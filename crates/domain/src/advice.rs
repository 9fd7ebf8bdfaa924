//! Which plan would have cost least: the billing cycles that were, paid for under each plan. Pure.

mod cover;

pub use cover::{Mix, Packs};

use crate::Credits;

/// Something sold at a price: a plan for a cycle, or a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its key.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Credits it has.
    pub credits: Credits,
    /// What it costs, in millionths of the currency.
    pub price_micro: i64,
}

/// The cycles that were, under one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The plan.
    pub plan: Offer,
    /// What each cycle would have cost; in the order of the cycles.
    pub cycles: Vec<ReplayedCycle>,
    /// All of them together, in millionths of the currency.
    pub total_micro: i64,
}

/// One cycle under a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedCycle {
    /// What was used past the plan's credits.
    pub short: Credits,
    /// The packs that would have covered it for least, and how many of each; none when the plan was enough.
    pub packs: Vec<(Offer, i64)>,
    /// Whether no other packs would have cost less: see [`Mix::is_cheapest`].
    pub is_cheapest: bool,
    /// Plan and packs, in millionths of the currency.
    pub cost_micro: i64,
}

/// Pays for cycles under every plan, the cheapest first. Every cycle stands for itself: what packs or a plan have left
/// at its end is not carried over. A plan that is not enough is left out when there is no pack to add.
pub fn replay(used: &[Credits], plans: &[Offer], packs: &[Offer]) -> Vec<Replay> {
    let mut packs = Packs::new(packs);
    let mut replays: Vec<_> = plans
        .iter()
        .filter_map(|plan| under(plan, used, &mut packs))
        .collect();
    replays.sort_by(|one, other| {
        (one.total_micro, &one.plan.key).cmp(&(other.total_micro, &other.plan.key))
    });
    replays
}

fn under(plan: &Offer, used: &[Credits], packs: &mut Packs<'_>) -> Option<Replay> {
    let cycles: Vec<_> = used
        .iter()
        .map(|used| cycle(plan, *used, packs))
        .collect::<Option<_>>()?;
    let total_micro = cycles
        .iter()
        .try_fold(0_i64, |sum, cycle| sum.checked_add(cycle.cost_micro))?;
    Some(Replay {
        plan: plan.clone(),
        cycles,
        total_micro,
    })
}

fn cycle(plan: &Offer, used: Credits, packs: &mut Packs<'_>) -> Option<ReplayedCycle> {
    let short = used.saturating_sub(plan.credits).max(Credits::ZERO);
    if short.is_zero() {
        return Some(ReplayedCycle {
            short,
            packs: Vec::new(),
            is_cheapest: true,
            cost_micro: plan.price_micro,
        });
    }
    let mix = packs.cover(short)?;
    Some(ReplayedCycle {
        short,
        cost_micro: plan.price_micro.checked_add(mix.cost_micro)?,
        packs: mix.packs,
        is_cheapest: mix.is_cheapest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(key: &str, credits: i64, price: i64) -> Offer {
        Offer {
            key: key.to_owned(),
            name: key.to_owned(),
            credits: Credits::from_micro(credits),
            price_micro: price,
        }
    }

    #[test]
    fn every_plan_is_paid_for_with_the_packs_that_cost_least() {
        let used = [90, 120, 310].map(Credits::from_micro);
        let plans = [offer("large", 300, 250), offer("small", 100, 100)];
        let packs = [offer("ten", 10, 15), offer("hundred", 100, 90)];
        let replays = replay(&used, &plans, &packs);
        // small: 100, then 100 + 2 × 15, then 100 + 2 × 90 + 1 × 15.
        assert_eq!(replays[0].plan.key, "small");
        let costs: Vec<_> = replays[0]
            .cycles
            .iter()
            .map(|cycle| cycle.cost_micro)
            .collect();
        assert_eq!(costs, [100, 130, 295]);
        assert_eq!(replays[0].total_micro, 525);
        let packs = replays[0].cycles[2].packs.iter();
        let packs: Vec<_> = packs
            .map(|(pack, count)| (pack.key.as_str(), *count))
            .collect();
        assert_eq!(packs, [("hundred", 2), ("ten", 1)]);
        assert_eq!(replays[1].total_micro, 250 + 250 + 265);
    }

    #[test]
    fn a_plan_that_cannot_be_enough_is_left_out() {
        let used = [Credits::from_micro(101)];
        let plans = [offer("small", 100, 1), offer("large", 200, 5)];
        let replays = replay(&used, &plans, &[offer("empty", 0, 1)]);
        assert_eq!(replays.len(), 1);
        assert_eq!(replays[0].plan.key, "large");
        assert!(replay(&used, &[], &[]).is_empty());
    }
}
