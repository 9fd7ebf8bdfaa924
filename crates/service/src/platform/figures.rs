//! What follows from what each account used. Pure.

use std::{cmp::Reverse, collections::BTreeMap};

use domain::{AccountId, Agent, Credits, time::DAY_US, usage::Totals};

use super::{MOST_NAMED, uses::AccountUse};
use crate::{
    ports::RunOut,
    trends::{GroupName, Mover},
};

/// Days of a cycle are told in parts of a week.
const PART_US: i64 = 7 * DAY_US;
/// Parts of a cycle: four weeks, and the days after.
pub const PARTS: usize = 5;

/// Keys and names of accounts.
pub(super) type Names = BTreeMap<AccountId, GroupName>;

/// How many accounts used an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adoption {
    /// Which agent.
    pub agent: Agent,
    /// Accounts that used it in the period.
    pub accounts: u64,
}

/// Accounts that ran out of credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunOuts {
    /// In the period.
    pub accounts: u64,
    /// In the period it is compared with.
    pub before: u64,
    /// When in their cycles: in the first, second, third and fourth week, and in the days after. An account whose
    /// cycles ran out twice counts twice here.
    pub weeks: [u64; PARTS],
}

/// What the largest accounts used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concentration {
    /// How many accounts.
    pub accounts: u64,
    /// What they used in the period.
    pub credits: Credits,
}

/// Whether something was used: what was only given back was not.
fn is_used(totals: Totals) -> bool {
    totals.events > 0 || totals.credits > Credits::ZERO
}

/// Accounts that used something in the period and in the one before.
pub(super) fn active(uses: &[AccountUse]) -> (u64, u64) {
    let count = |is: fn(&AccountUse) -> bool| count(uses.iter().filter(|found| is(found)));
    (
        count(|found| is_used(found.now)),
        count(|found| is_used(found.before)),
    )
}

pub(super) fn adoption(uses: &[AccountUse]) -> Vec<Adoption> {
    let accounts = |agent: Agent| {
        count(
            uses.iter()
                .filter(|found| found.agents[usize::from(agent.index())]),
        )
    };
    Agent::ALL
        .map(|agent| Adoption {
            agent,
            accounts: accounts(agent),
        })
        .to_vec()
}

pub(super) fn run_outs(now: &[RunOut], before: &[RunOut]) -> RunOuts {
    let mut weeks = [0; PARTS];
    for run_out in now {
        let part = run_out.at.micros_since(run_out.cycle_start).max(0) / PART_US;
        let part = usize::try_from(part).unwrap_or(0).min(PARTS - 1);
        weeks[part] += 1;
    }
    RunOuts {
        accounts: accounts(now),
        before: accounts(before),
        weeks,
    }
}

fn accounts(run_outs: &[RunOut]) -> u64 {
    let mut accounts: Vec<_> = run_outs.iter().map(|run_out| run_out.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    count(accounts.iter())
}

/// The accounts with use in the period, the largest first.
pub(super) fn by_use(uses: &[AccountUse]) -> Vec<AccountUse> {
    let mut ordered: Vec<_> = uses
        .iter()
        .filter(|found| is_used(found.now))
        .copied()
        .collect();
    ordered.sort_unstable_by_key(|found| (Reverse(found.now.credits), found.account));
    ordered
}

/// The single largest account, the ten largest, and the largest tenth.
pub(super) fn concentration(uses: &[AccountUse]) -> Vec<Concentration> {
    let ordered = by_use(uses);
    let mut sizes = vec![1, 10, ordered.len().div_ceil(10)];
    sizes.retain(|size| *size < ordered.len());
    sizes.sort_unstable();
    sizes.dedup();
    let together = |size: usize| Concentration {
        accounts: size as u64,
        credits: ordered[..size].iter().fold(Credits::ZERO, |sum, found| {
            sum.saturating_add(found.now.credits)
        }),
    };
    sizes.into_iter().map(together).collect()
}

/// The accounts that used most.
pub(super) fn largest(uses: &[AccountUse], names: &Names) -> Vec<Mover> {
    by_use(uses)
        .iter()
        .take(MOST_NAMED)
        .map(|found| mover(found, names))
        .collect()
}

/// The accounts that grew and shrank most, the largest change first.
pub(super) fn movers(uses: &[AccountUse], names: &Names) -> Vec<Mover> {
    moved(uses)
        .iter()
        .map(|found| mover(found, names))
        .collect()
}

/// Those that grew most and those that shrank most.
fn moved(uses: &[AccountUse]) -> Vec<AccountUse> {
    let mut changed: Vec<_> = uses
        .iter()
        .filter(|found| change(found) != 0)
        .copied()
        .collect();
    changed.sort_unstable_by_key(|found| (change(found), found.account));
    let down = changed.iter().take_while(|found| change(found) < 0);
    let up = changed.iter().rev().take_while(|found| change(found) > 0);
    let mut moved: Vec<_> = down
        .take(MOST_NAMED)
        .chain(up.take(MOST_NAMED))
        .copied()
        .collect();
    moved.sort_by_key(|found| Reverse(change(found).unsigned_abs()));
    moved
}

fn change(found: &AccountUse) -> i128 {
    i128::from(found.now.credits.micro()) - i128::from(found.before.credits.micro())
}

fn mover(found: &AccountUse, names: &Names) -> Mover {
    let (key, name) = name(found.account, names);
    Mover {
        key,
        name,
        now: found.now,
        before: found.before,
    }
}

pub(super) fn name(account: AccountId, names: &Names) -> GroupName {
    names.get(&account).cloned().unwrap_or_default()
}

/// The accounts whose names are shown.
pub(super) fn to_name(uses: &[AccountUse]) -> Vec<AccountId> {
    let largest = by_use(uses).into_iter().take(MOST_NAMED);
    let mut named: Vec<_> = largest
        .chain(moved(uses))
        .map(|found| found.account)
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.count() as u64
}

#[cfg(test)]
mod tests {
    use domain::Time;

    use super::*;

    fn used(account: i64, now: i64, before: i64) -> AccountUse {
        let totals = |whole: i64| Totals {
            credits: Credits::from_micro(whole),
            events: u64::from(whole > 0),
        };
        AccountUse {
            account: AccountId(account),
            now: totals(now),
            before: totals(before),
            agents: [now > 0, false, now > 5, false, false, false],
        }
    }

    #[test]
    fn accounts_are_counted_and_the_largest_come_first() {
        let uses: Vec<_> = (1..=30).map(|n| used(n, n % 25, 30 - n)).collect();
        assert_eq!(active(&uses), (29, 29));
        assert_eq!(adoption(&uses)[2].accounts, 19);
        let sizes: Vec<_> = concentration(&uses)
            .iter()
            .map(|part| (part.accounts, part.credits.micro()))
            .collect();
        assert_eq!(sizes, [(1, 24), (3, 24 + 23 + 22), (10, 195)]);
        let names = Names::new();
        assert_eq!(largest(&uses, &names).len(), MOST_NAMED);
        let changes: Vec<_> = movers(&uses, &names)
            .iter()
            .map(Mover::change_micro)
            .collect();
        assert_eq!(changes.len(), 2 * MOST_NAMED);
        assert!(changes.is_sorted_by_key(|change| Reverse(change.unsigned_abs())));
        // Nothing of nothing.
        assert!(concentration(&[]).is_empty() && movers(&[], &names).is_empty());
    }

    #[test]
    fn an_account_that_runs_out_twice_is_one_account() {
        let at = |account, day: i64| RunOut {
            account: AccountId(account),
            cycle_start: Time::from_micros(0),
            at: Time::from_micros(day * DAY_US),
        };
        let found = run_outs(&[at(1, 3), at(1, 29), at(2, 8)], &[at(7, 1)]);
        assert_eq!((found.accounts, found.before), (2, 1));
        assert_eq!(found.weeks, [1, 1, 0, 0, 1]);
    }
}
