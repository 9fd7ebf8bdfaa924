use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    TimeRange,
    alert::{BudgetUse, Figures},
};

/// What somebody heard.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    Fired(Mark),
    Recovered(Mark),
}

/// A rule and its alerts as they are stored.
struct Watched {
    rule: Condition,
    last: Option<Fired>,
    heard: Vec<Heard>,
}

fn percent(levels: &[u32]) -> Condition {
    Condition::UsedPercent {
        levels: levels.to_vec(),
    }
}

fn credits(whole: i64) -> Credits {
    Credits::from_whole(whole).unwrap()
}

fn figures(epoch: i64, used: i64, limit: i64) -> Figures {
    Figures {
        cycle: TimeRange::new(Time::from_micros(epoch), Time::from_micros(epoch + 1)),
        allocation: credits(limit),
        used: credits(used),
        remaining: credits(limit - used),
        budgets: vec![BudgetUse {
            company: "acme".to_owned(),
            budget: credits(limit),
            used: credits(used),
        }],
        runs_out_at: None,
        spike: None,
    }
}

impl Watched {
    fn by(rule: Condition) -> Self {
        Self {
            rule,
            last: None,
            heard: Vec::new(),
        }
    }

    /// Looks until nothing changes any more.
    fn see(&mut self, epoch: i64, used: i64, limit: i64) -> &mut Self {
        for _ in 0..5 {
            let Some(now) = self.rule.readings(&figures(epoch, used, limit)).pop() else {
                return self;
            };
            let before = self.last.clone();
            match step(&self.rule, self.last.as_ref(), &now) {
                Step::Nothing => return self,
                Step::Fire {
                    crossings,
                    is_known,
                } => {
                    if !is_known {
                        self.heard.push(Heard::Fired(now.mark));
                    }
                    self.last = Some(Fired {
                        kind: self.rule.kind().to_owned(),
                        epoch: now.epoch,
                        mark: now.mark,
                        limit: now.limit,
                        crossings,
                        lasts: true,
                        ending: None,
                    });
                }
                Step::End { ending, crossings } => {
                    let last = self.last.as_mut().unwrap();
                    if ending == Ending::Recovered {
                        self.heard.push(Heard::Recovered(last.mark));
                    }
                    last.lasts = false;
                    last.ending = Some(ending);
                    last.crossings = crossings;
                }
            }
            assert_ne!(before, self.last);
        }
        panic!("it never comes to rest: {:?}", self.heard)
    }

    fn change(&mut self, rule: Condition) -> &mut Self {
        self.rule = rule;
        self
    }

    /// Thresholds that were heard of; an all-clear is negative.
    fn heard(&self) -> Vec<i64> {
        let number = |heard: &Heard| match heard {
            Heard::Fired(mark) => mark.0,
            Heard::Recovered(mark) => -mark.0,
        };
        self.heard.iter().map(number).collect()
    }

    fn lasting(&self) -> Option<i64> {
        let last = self.last.as_ref().filter(|last| last.lasts);
        last.map(|last| last.mark.0)
    }
}

#[test]
fn a_pack_ends_an_alert_and_lets_it_be_told_again() {
    let mut watched = Watched::by(percent(&[75, 90]));
    for (used, limit) in [(75, 100), (90, 100), (100, 130), (105, 130), (120, 130)] {
        watched.see(0, used, limit);
    }
    assert_eq!(watched.heard(), [75, 90, -90, 90]);
}

#[test]
fn what_is_given_back_ends_an_alert_and_the_level_is_not_told_twice() {
    let mut watched = Watched::by(percent(&[75, 90, 100]));
    for used in [92, 80, 91, 10, 76, 100] {
        watched.see(0, used, 100);
    }
    assert_eq!(watched.heard(), [90, -90, 100]);
    watched.see(1, 0, 100).see(1, 75, 100);
    assert_eq!(watched.heard(), [90, -90, 100, 75]);
}

#[test]
fn a_changed_rule_says_what_is_crossed_and_no_all_clear() {
    let mut watched = Watched::by(percent(&[75, 90]));
    watched.see(0, 92, 100).change(percent(&[50, 80]));
    for used in [92, 95, 105] {
        watched.see(0, used, 100);
    }
    assert_eq!(watched.heard(), [90, 80]);
    assert_eq!(watched.lasting(), Some(80));
    // It is over when that is so.
    watched.see(0, 70, 100);
    assert_eq!(watched.heard(), [90, 80, -80]);
}

/// At 92 of 100 the rule has 75 and 90, and 90 was told.
#[rstest]
#[case::the_same_once_more(&[75, 90], &[], Some(90))]
#[case::a_lower_one_besides(&[50, 75, 90], &[], Some(90))]
#[case::a_higher_one_that_is_crossed(&[90, 91], &[91], Some(91))]
#[case::a_higher_one_that_is_not(&[90, 95], &[], Some(90))]
#[case::moved_down(&[80], &[80], Some(80))]
#[case::moved_up_past_what_is_used(&[95], &[], None)]
#[case::taken_out(&[75], &[], Some(75))]
fn levels_are_changed_while_an_alert_lasts(
    #[case] levels: &[u32],
    #[case] told: &[i64],
    #[case] lasting: Option<i64>,
) {
    let mut watched = Watched::by(percent(&[75, 90]));
    watched
        .see(0, 92, 100)
        .change(percent(levels))
        .see(0, 92, 100);
    assert_eq!(watched.heard()[1..], *told);
    assert_eq!(watched.lasting(), lasting);
}

#[test]
fn a_level_that_is_put_back_is_shown_again_and_not_told_again() {
    let mut watched = Watched::by(percent(&[90]));
    watched
        .see(0, 92, 100)
        .change(percent(&[95]))
        .see(0, 92, 100);
    assert_eq!(watched.lasting(), None);
    watched.change(percent(&[90])).see(0, 92, 100);
    assert_eq!((watched.heard(), watched.lasting()), (vec![90], Some(90)));
}

#[test]
fn another_kind_of_rule_begins_anew() {
    let left = |whole| Condition::Remaining {
        credits: credits(whole),
    };
    let mut watched = Watched::by(percent(&[90]));
    watched.see(0, 92, 100).change(left(10)).see(0, 92, 100);
    assert_eq!(watched.heard(), [90, 10_000_000]);
    // 8 remain: less than 10, more than 5, less than 20.
    watched.change(left(5)).see(0, 92, 100);
    assert_eq!(watched.lasting(), None);
    watched.change(left(20)).see(0, 92, 100);
    assert_eq!(watched.heard(), [90, 10_000_000, 20_000_000]);
    watched.see(0, 50, 100);
    assert_eq!(watched.heard()[3..], [-20_000_000]);
}

#[test]
fn a_cycle_that_begins_past_a_level_is_told_at_once() {
    let mut watched = Watched::by(percent(&[75, 90]));
    watched.see(0, 92, 100).see(1, 80, 100);
    assert_eq!(watched.heard(), [90, 75]);
    watched.change(percent(&[50])).see(2, 60, 100);
    assert_eq!(watched.heard(), [90, 75, 50]);
}

#[test]
fn a_budget_that_is_lowered_is_told_and_one_that_is_raised_is_over() {
    let mut watched = Watched::by(Condition::CompanyBudget {
        company: None,
        levels: vec![75, 100],
    });
    watched.see(0, 80, 100).see(0, 80, 50).see(0, 80, 1_000);
    assert_eq!(watched.heard(), [75, 100, -100]);
    // It is nothing: any use is past it.
    watched.see(1, 0, 0);
    assert_eq!(watched.lasting(), None);
    watched.see(1, 1, 0);
    assert_eq!(watched.heard()[3..], [100]);
}

#[derive(Debug, Clone)]
enum Deed {
    Use(i64),
    Limit(i64),
    Renew,
    Change(Vec<u32>),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let levels = prop::sample::subsequence(vec![25_u32, 50, 75, 90, 100], 1..4);
    let deed = prop_oneof![
        4 => (-40_i64..60).prop_map(Deed::Use),
        2 => (0_i64..200).prop_map(Deed::Limit),
        1 => Just(Deed::Renew),
        2 => levels.prop_map(Deed::Change),
    ];
    prop::collection::vec(deed, 0..50)
}

proptest! {
    #[test]
    fn nothing_false_is_told_and_nothing_that_is_crossed_is_kept_quiet(deeds in deeds()) {
        let (mut epoch, mut used, mut limit) = (0, 0, 100);
        let mut watched = Watched::by(percent(&[50, 90]));
        // Thresholds that somebody heard of in this cycle.
        let mut known: Vec<i64> = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Use(more) => used = (used + more).max(0),
                Deed::Limit(other) => limit = other,
                Deed::Renew => {
                    epoch += 1;
                    used = 0;
                    known.clear();
                }
                Deed::Change(levels) => {
                    watched.change(percent(&levels));
                }
            }
            let before = watched.heard.len();
            watched.see(epoch, used, limit);
            let is_past = |mark: i64| if limit > 0 { used * 100 >= mark * limit } else { used > 0 };
            let marks = watched.rule.marks();
            for heard in &watched.heard[before..] {
                match heard {
                    Heard::Fired(mark) => {
                        prop_assert!(is_past(mark.0), "{} is not crossed", mark.0);
                        known.extend(marks.iter().filter(|one| *one <= mark).map(|one| one.0));
                    }
                    Heard::Recovered(mark) => {
                        prop_assert!(!is_past(mark.0), "{} is crossed", mark.0);
                    }
                }
            }
            let highest = marks.iter().map(|mark| mark.0).filter(|mark| is_past(*mark)).max();
            if let Some(mark) = highest {
                let is_told = known.iter().any(|told| *told >= mark);
                prop_assert!(is_told, "{mark} is crossed and was not told");
            } else {
                prop_assert_eq!(watched.lasting(), None);
            }
            if let Some(mark) = watched.lasting() {
                prop_assert!(is_past(mark) && marks.contains(&Mark(mark)));
            }
        }
    }
}
