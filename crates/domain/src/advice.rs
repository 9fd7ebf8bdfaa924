//! Which plan would have cost least: the billing cycles that were, paid for under each plan. Pure.

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
    /// The pack that would have covered it for least, and how many; none when the plan was enough.
    pub packs: Option<(Offer, i64)>,
    /// Plan and packs, in millionths of the currency.
    pub cost_micro: i64,
}

/// Pays for cycles under every plan, the cheapest first. Every cycle stands for itself: what packs or a plan have left
/// at its end is not carried over. A plan that is not enough is left out when there is no pack to add.
pub fn replay(used: &[Credits], plans: &[Offer], packs: &[Offer]) -> Vec<Replay> {
    let mut replays: Vec<_> = plans
        .iter()
        .filter_map(|plan| under(plan, used, packs))
        .collect();
    replays.sort_by(|one, other| {
        (one.total_micro, &one.plan.key).cmp(&(other.total_micro, &other.plan.key))
    });
    replays
}

fn under(plan: &Offer, used: &[Credits], packs: &[Offer]) -> Option<Replay> {
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

fn cycle(plan: &Offer, used: Credits, packs: &[Offer]) -> Option<ReplayedCycle> {
    let short = used.saturating_sub(plan.credits).max(Credits::ZERO);
    if short.is_zero() {
        return Some(ReplayedCycle {
            short,
            packs: None,
            cost_micro: plan.price_micro,
        });
    }
    let (extra_micro, pack, count) = packs
        .iter()
        .filter(|pack| pack.credits > Credits::ZERO)
        .filter_map(|pack| {
            let count = pieces(short, pack.credits);
            Some((count.checked_mul(pack.price_micro)?, pack, count))
        })
        .min_by_key(|(cost, pack, _)| (*cost, &pack.key))?;
    Some(ReplayedCycle {
        short,
        packs: Some((pack.clone(), count)),
        cost_micro: plan.price_micro.checked_add(extra_micro)?,
    })
}

/// How many of `each` are at least `short`.
fn pieces(short: Credits, each: Credits) -> i64 {
    let (short, each) = (short.micro(), each.micro());
    short / each + i64::from(short % each != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        // small: 100, then 100 + 2 × 15, then 100 + min(21 × 15, 3 × 90).
        assert_eq!(replays[0].plan.key, "small");
        let costs: Vec<_> = replays[0]
            .cycles
            .iter()
            .map(|cycle| cycle.cost_micro)
            .collect();
        assert_eq!(costs, [100, 130, 370]);
        assert_eq!(replays[0].total_micro, 600);
        let (pack, count) = replays[0].cycles[2].packs.clone().unwrap();
        assert_eq!((pack.key.as_str(), count), ("hundred", 3));
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

    proptest! {
        #[test]
        fn no_cheaper_number_of_packs_would_have_been_enough(
            used in 0..5_000_i64, plan in 0..3_000_i64, sizes in prop::collection::vec((1..700_i64, 0..90_i64), 1..5)
        ) {
            let packs: Vec<_> = sizes
                .iter()
                .enumerate()
                .map(|(at, (credits, price))| offer(&at.to_string(), *credits, *price))
                .collect();
            let found = replay(&[Credits::from_micro(used)], &[offer("plan", plan, 7)], &packs);
            let short = (used - plan).max(0);
            let least = sizes.iter().map(|(credits, price)| {
                let mut count = 0;
                while count * credits < short { count += 1; }
                count * price
            }).min().unwrap_or(0);
            prop_assert_eq!(found[0].total_micro, 7 + if short == 0 { 0 } else { least });
        }
    }
}
