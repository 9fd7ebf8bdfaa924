//! The cheapest packs that cover what is missing: exact, and quick however large the amounts are.

use std::cmp::Ordering;

use super::Offer;
use crate::Credits;

/// Most steps that filling a table may take.
const MOST_STEPS: i128 = 1_000_000;
/// Most mixes that are looked at where a table would be too long.
const MOST_TRIED: u32 = 500_000;

/// Packs that cover an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix {
    /// Which packs and how many of each, the largest first.
    pub packs: Vec<(Offer, i64)>,
    /// All of them together, in millionths of the currency.
    pub cost_micro: i64,
    /// Whether no other packs would cost less. Only of amounts that have hardly anything in common may it stay open.
    pub is_cheapest: bool,
}

/// A pack that may be part of a cheapest mix.
#[derive(Debug, Clone, Copy)]
struct Pack {
    /// Its place among the offers.
    offer: usize,
    credits: i128,
    price: i128,
}

/// How many of each pack, by its place among those that may be used.
type Counts = Vec<i128>;

/// Finds the cheapest mix of some packs for any amount.
///
/// Why it is exact: a pack that others replace for no more is left out. Of the rest, the one whose credits cost least pays
/// for the bulk; [`Packs::beside`] proves how little the others can be worth in some cheapest mix. What remains is small,
/// and a table over credits or over prices, each in its greatest common measure, answers it.
#[derive(Debug)]
pub struct Packs<'a> {
    offers: &'a [Offer],
    /// Those that no others replace, the best value first.
    useful: Vec<Pack>,
    /// The greatest common measure of their credits, and of their prices.
    measure: (i128, i128),
    /// The least price of so many measures of credits, and the pack to begin with.
    by_credits: Vec<(i128, usize)>,
    /// The most credits for so many measures of price, and the pack to begin with.
    by_price: Vec<(i128, usize)>,
}

impl<'a> Packs<'a> {
    /// Packs on sale at prices of one currency.
    pub fn new(offers: &'a [Offer]) -> Self {
        let useful = useful(offers);
        let measure = useful.iter().fold((0, 0), |(credits, price), pack| {
            (gcd(credits, pack.credits), gcd(price, pack.price))
        });
        Self {
            offers,
            useful,
            measure,
            by_credits: vec![(0, 0)],
            by_price: vec![(0, 0)],
        }
    }

    /// The packs that have at least so many credits for least; none when there is no pack, or it cannot be counted.
    pub fn cover(&mut self, short: Credits) -> Option<Mix> {
        let short = i128::from(short.micro().max(0));
        let best = *self.useful.first()?;
        let bulk = (short / best.credits - self.beside()).max(0);
        let rest = short - bulk * best.credits;
        let (mut counts, is_cheapest) = self.counts(rest);
        *counts.first_mut()? += bulk;
        self.mix(&counts, is_cheapest)
    }

    fn counts(&mut self, rest: i128) -> (Counts, bool) {
        let kinds = i128::try_from(self.useful.len()).unwrap_or(i128::MAX);
        let best = self.useful[0];
        let credits = ceil(rest, self.measure.0);
        // The best pack alone covers it for so much.
        let price = match self.measure.1 {
            0 => i128::MAX,
            measure => ceil(rest, best.credits) * best.price / measure,
        };
        if credits.min(price).saturating_mul(kinds) > MOST_STEPS {
            return self.search(rest);
        }
        if credits <= price {
            (self.least_price(credits), true)
        } else {
            (self.most_credits(rest), true)
        }
    }

    /// How many best packs the others are worth at most in some cheapest mix. Two reasons, of which the smaller holds:
    ///
    /// Each credit of another pack costs at least `d` more than one of the best pack, the second best by value being `d`
    /// dearer. The best pack alone covers everything for less than one pack more than the bare value, so the others' credits
    /// times `d` are less than the best pack's price.
    ///
    /// Among as many other packs as the best pack has measures, some together are worth whole best packs exactly: those can
    /// take their place for no more. The same goes for measures of price.
    fn beside(&self) -> i128 {
        let best = self.useful[0];
        let largest = self.useful.iter().map(|pack| pack.credits).max();
        let largest = largest.unwrap_or(best.credits);
        let by_measure = |whole: i128, measure: i128| match measure {
            0 => i128::MAX,
            measure => ceil((whole / measure).saturating_mul(largest), best.credits),
        };
        let by_value = self.useful.get(1).map_or(0, |second| {
            let dearer = second.price * best.credits - best.price * second.credits;
            match dearer {
                0 => i128::MAX,
                dearer => (best.price * second.credits) / dearer + 1,
            }
        });
        by_value
            .min(by_measure(best.credits, self.measure.0))
            .min(by_measure(best.price, self.measure.1))
    }

    /// By a table of the least price of each number of measures of credits.
    fn least_price(&mut self, measures: i128) -> Counts {
        let wanted = index(measures);
        while self.by_credits.len() <= wanted {
            let at = self.by_credits.len();
            let begin_with = |(kind, pack): (usize, &Pack)| {
                let before = at.saturating_sub(index(pack.credits / self.measure.0));
                (self.by_credits[before].0 + pack.price, kind)
            };
            let least = self.useful.iter().enumerate().map(begin_with).min();
            self.by_credits.push(least.unwrap_or_default());
        }
        let (mut counts, mut at) = (vec![0; self.useful.len()], wanted);
        while at > 0 {
            let kind = self.by_credits[at].1;
            counts[kind] += 1;
            at = at.saturating_sub(index(self.useful[kind].credits / self.measure.0));
        }
        counts
    }

    /// By a table of the most credits for each number of measures of price.
    fn most_credits(&mut self, rest: i128) -> Counts {
        let mut wanted = 0;
        while self.by_price[wanted].0 < rest {
            wanted += 1;
            if wanted < self.by_price.len() {
                continue;
            }
            let begin_with = |(kind, pack): (usize, &Pack)| {
                let before = wanted.checked_sub(index(pack.price / self.measure.1))?;
                Some((self.by_price[before].0 + pack.credits, kind))
            };
            let nothing_more = (self.by_price[wanted - 1].0, usize::MAX);
            let kinds = self.useful.iter().enumerate();
            let most = kinds.filter_map(begin_with).max_by_key(|most| most.0);
            let most = most.filter(|most| most.0 > nothing_more.0);
            self.by_price.push(most.unwrap_or(nothing_more));
        }
        let (mut counts, mut at) = (vec![0; self.useful.len()], wanted);
        while at > 0 {
            let kind = self.by_price[at].1;
            match self.useful.get(kind) {
                None => at -= 1,
                Some(pack) => {
                    counts[kind] += 1;
                    at = at.saturating_sub(index(pack.price / self.measure.1).max(1));
                }
            }
        }
        counts
    }

    /// By trying, the best value first, and giving up what cannot be cheaper any more.
    fn search(&self, rest: i128) -> (Counts, bool) {
        let mut search = Search {
            packs: &self.useful,
            tried: 0,
            counts: vec![0; self.useful.len()],
            least: None,
        };
        search.from(0, rest, 0);
        let is_cheapest = search.tried < MOST_TRIED;
        let counts = search.least.map(|(_, counts)| counts);
        (counts.unwrap_or_default(), is_cheapest)
    }

    fn mix(&self, counts: &Counts, is_cheapest: bool) -> Option<Mix> {
        let mut packs = Vec::new();
        let mut cost: i128 = 0;
        for (pack, count) in self.useful.iter().zip(counts) {
            cost = cost.checked_add(pack.price.checked_mul(*count)?)?;
            if *count > 0 {
                let count = i64::try_from(*count).ok()?;
                packs.push((self.offers[pack.offer].clone(), count));
            }
        }
        packs.sort_by(|(one, _), (other, _)| {
            (other.credits, &one.key).cmp(&(one.credits, &other.key))
        });
        Some(Mix {
            packs,
            cost_micro: i64::try_from(cost).ok()?,
            is_cheapest,
        })
    }
}

/// A search through mixes.
struct Search<'a> {
    packs: &'a [Pack],
    tried: u32,
    counts: Counts,
    least: Option<(i128, Counts)>,
}

impl Search<'_> {
    fn from(&mut self, kind: usize, rest: i128, cost: i128) {
        if rest <= 0 {
            if self.may_be_cheaper(kind, rest, cost) {
                self.least = Some((cost, self.counts.clone()));
            }
            return;
        }
        let Some(pack) = self.packs.get(kind) else {
            return;
        };
        let most = ceil(rest, pack.credits);
        let fewest = if kind + 1 < self.packs.len() { 0 } else { most };
        for count in (fewest..=most).rev() {
            let left = rest - count * pack.credits;
            let sum = cost + count * pack.price;
            let is_open = self.may_be_cheaper(kind + 1, left, sum);
            // The more is left to packs of less value, the more it costs at least; what is too much is no measure of that.
            if self.tried >= MOST_TRIED || (!is_open && left > 0) {
                break;
            }
            if is_open {
                self.tried += 1;
                self.counts[kind] = count;
                self.from(kind + 1, left, sum);
            }
        }
        self.counts[kind] = 0;
    }

    /// Whether what is left could still be covered for less than the least so far: each credit costs at least as much as
    /// one of the next pack.
    fn may_be_cheaper(&self, kind: usize, left: i128, cost: i128) -> bool {
        let value = self.packs.get(kind).map_or(0, |next| {
            ceil(left.max(0).saturating_mul(next.price), next.credits)
        });
        self.least
            .as_ref()
            .is_none_or(|(least, _)| cost + value < *least)
    }
}

/// Packs that no number of another one replaces for no more, the best value first.
fn useful(offers: &[Offer]) -> Vec<Pack> {
    let mut packs: Vec<_> = offers
        .iter()
        .enumerate()
        .filter(|(_, offer)| offer.credits > Credits::ZERO && offer.price_micro >= 0)
        .map(|(at, offer)| Pack {
            offer: at,
            credits: i128::from(offer.credits.micro()),
            price: i128::from(offer.price_micro),
        })
        .collect();
    packs.sort_by(|one, other| {
        by_value(one, other).then(offers[one.offer].key.cmp(&offers[other.offer].key))
    });
    let mut useful: Vec<Pack> = Vec::with_capacity(packs.len());
    for pack in packs {
        let replaces =
            |better: &Pack| ceil(pack.credits, better.credits) * better.price <= pack.price;
        if !useful.iter().any(replaces) {
            useful.push(pack);
        }
    }
    useful
}

/// The best value first; of equal value the one that needs least money.
fn by_value(one: &Pack, other: &Pack) -> Ordering {
    (one.price * other.credits)
        .cmp(&(other.price * one.credits))
        .then(one.credits.cmp(&other.credits))
}

fn ceil(whole: i128, part: i128) -> i128 {
    whole / part + i128::from(whole % part != 0)
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A place in a table, which is never long.
fn index(number: i128) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
