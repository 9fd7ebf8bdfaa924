//! Mixes against plainer ways to find them.

use proptest::prelude::*;

use super::*;

fn offers(packs: &[(i64, i64)]) -> Vec<Offer> {
    let offer = |(at, (credits, price)): (usize, &(i64, i64))| Offer {
        key: format!("{at:02}"),
        name: at.to_string(),
        credits: Credits::from_micro(*credits),
        price_micro: *price,
    };
    packs.iter().enumerate().map(offer).collect()
}

fn cover(packs: &[(i64, i64)], short: i64) -> Mix {
    let offers = offers(packs);
    let mix = Packs::new(&offers)
        .cover(Credits::from_micro(short))
        .unwrap();
    let sum = |of: fn(&Offer) -> i64| -> i128 {
        let each = mix.packs.iter();
        each.map(|(offer, count)| i128::from(of(offer)) * i128::from(*count))
            .sum()
    };
    assert!(sum(|offer| offer.credits.micro()) >= i128::from(short));
    assert_eq!(sum(|offer| offer.price_micro), i128::from(mix.cost_micro));
    mix
}

fn counts(mix: &Mix) -> Vec<(&str, i64)> {
    let packs = mix.packs.iter();
    packs
        .map(|(offer, count)| (offer.name.as_str(), *count))
        .collect()
}

const WHOLE: i64 = 1_000_000;

#[test]
fn one_large_pack_and_two_small_ones_are_bought_where_they_cost_less_than_seven_small_ones() {
    let packs = [(1_000 * WHOLE, 15 * WHOLE), (5_000 * WHOLE, 59 * WHOLE)];
    let mix = cover(&packs, 6_700 * WHOLE);
    assert_eq!(mix.cost_micro, 89 * WHOLE);
    assert_eq!(counts(&mix), [("1", 1), ("0", 2)]);
    assert!(mix.is_cheapest);
}

#[test]
fn too_much_of_a_larger_pack_may_cost_less() {
    let packs = [(1_000, 15), (5_000, 59)];
    assert_eq!(counts(&cover(&packs, 4_001)), [("1", 1)]);
    assert_eq!(counts(&cover(&packs, 3_000)), [("0", 3)]);
}

#[test]
fn nothing_is_bought_for_nothing_and_free_packs_cost_nothing() {
    assert_eq!(counts(&cover(&[(10, 3)], 0)), [("", 0); 0]);
    assert_eq!(cover(&[(10, 0), (1_000, 5)], 2_000).cost_micro, 0);
    assert!(Packs::new(&[]).cover(Credits::ZERO).is_none());
    assert!(
        Packs::new(&offers(&[(0, 1)]))
            .cover(Credits::ZERO)
            .is_none()
    );
}

#[test]
fn amounts_that_cannot_be_counted_are_left_out() {
    let dear = offers(&[(1, i64::MAX / 2)]);
    assert!(Packs::new(&dear).cover(Credits::from_micro(3)).is_none());
}

/// The least price, by the plainest table there is.
fn least(packs: &[(i64, i64)], short: i64) -> i64 {
    let mut least = vec![0; usize::try_from(short).unwrap() + 1];
    for at in 1..least.len() {
        let prices = packs.iter().map(|(credits, price)| {
            price + least[at.saturating_sub(usize::try_from(*credits).unwrap())]
        });
        least[at] = prices.min().unwrap();
    }
    least[least.len() - 1]
}

proptest! {
    #[test]
    fn no_other_packs_would_cost_less(
        packs in prop::collection::vec((1..400_i64, 0..60_i64), 1..7), shorts in prop::collection::vec(0..4_000_i64, 1..4),
        scale in (1..1_000_000_i64, 1..1_000_000_i64)
    ) {
        let scaled: Vec<_> = packs.iter().map(|(credits, price)| (credits * scale.0, price * scale.1)).collect();
        let offers = offers(&scaled);
        // What was worked out for one amount serves the next.
        let mut all = Packs::new(&offers);
        for short in shorts {
            let mix = all.cover(Credits::from_micro(short * scale.0)).unwrap();
            prop_assert!(mix.is_cheapest);
            prop_assert_eq!(mix.cost_micro, least(&packs, short) * scale.1);
        }
    }

    #[test]
    fn trying_finds_the_same_as_the_tables(
        packs in prop::collection::vec((1..300_i64, 0..50_i64), 1..6), short in 0..2_000_i64
    ) {
        let offers = offers(&packs);
        let search = Packs::new(&offers);
        let (counts, is_cheapest) = search.search(i128::from(short));
        let mix = search.mix(&counts, is_cheapest).unwrap();
        prop_assert!(is_cheapest);
        prop_assert_eq!(mix.cost_micro, least(&packs, short));
    }

    #[test]
    fn dozens_of_packs_and_a_trillion_credits_are_exact_too(
        packs in prop::collection::vec((1..100_i64, 1..200_000_i64), 1..48), short in 1..1_000_000_000_000_i64
    ) {
        // Hundreds of credits, at cents.
        let sizes: Vec<_> = packs.iter().map(|(hundreds, cents)| (hundreds * 100 * WHOLE, cents * 10_000)).collect();
        let mix = cover(&sizes, short * WHOLE);
        prop_assert!(mix.is_cheapest);
        // A pack less of the largest ones would not be enough, and no credit is cheaper than the best.
        let value = |(credits, price): &(i64, i64)| i128::from(*price) * i128::from(short) * i128::from(WHOLE) / i128::from(*credits);
        let bare = sizes.iter().map(value).min().unwrap();
        let dearest = sizes.iter().map(|(_, price)| *price).max().unwrap();
        prop_assert!((bare..=bare + i128::from(dearest) + 1).contains(&i128::from(mix.cost_micro)));
    }

    #[test]
    fn amounts_with_nothing_in_common_are_covered_within_bounded_work(
        packs in prop::collection::vec((1..i64::MAX / 1_000, 1..i64::MAX / 1_000_000_000), 1..30), short in 1..i64::MAX
    ) {
        let offers = offers(&packs);
        // Whatever it cost, it is covered or cannot be counted.
        if let Some(mix) = Packs::new(&offers).cover(Credits::from_micro(short)) {
            let credits: i128 = mix.packs.iter().map(|(offer, count)| i128::from(offer.credits.micro()) * i128::from(*count)).sum();
            prop_assert!(credits >= i128::from(short));
        }
    }
}
