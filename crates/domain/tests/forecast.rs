//! Forecasts of usage whose truth is known, and how they compare with what people would do by hand.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{
    Credits, Time, TimeRange,
    calendar::Zone,
    forecast::{Band, HourShares, LEAST_DAYS, Outlook, Pattern, Purse, Standing, Use},
    time::{DAY_US, HOUR_US},
};

/// A Monday.
const MONDAY: &str = "2026-08-03T00:00:00Z";
/// Days that are forecast from every start.
const AHEAD_DAYS: usize = 14;

fn monday() -> Time {
    MONDAY.parse().unwrap()
}

fn day(number: i64) -> Time {
    monday().plus_micros(number * DAY_US)
}

fn whole(credits: i64) -> Credits {
    Credits::from_whole(credits).unwrap()
}

/// Hours of days that use so many credits, all of them between 9 and 17 o'clock.
fn office(days: &[i64]) -> Vec<Use> {
    let hours = (9..17).map(|hour| hour * HOUR_US);
    let mut uses = Vec::new();
    for (number, credits) in days.iter().enumerate() {
        for hour in hours.clone() {
            uses.push(Use {
                start: day(i64::try_from(number).unwrap()).plus_micros(hour),
                credits: Credits::from_micro(whole(*credits).micro() / 8),
            });
        }
    }
    uses
}

fn standing(now: Time, days: i64, used: i64, left: i64) -> Standing {
    let until = now.plus_micros(days * DAY_US);
    let active = TimeRange::new(monday(), until);
    Standing {
        now,
        until,
        used: whole(used),
        purses: vec![Purse {
            left: whole(left),
            active,
        }],
    }
}

fn learn(uses: &[Use], today: Time) -> Option<Pattern> {
    let hours = HourShares::learn(uses, today, &Zone::utc());
    Pattern::learn(uses, &hours, today, &Zone::utc())
}

#[test]
fn less_than_a_week_says_nothing() {
    let uses = office(&[80; 7]);
    assert_eq!(learn(&uses, day(6)), None);
    assert!(learn(&uses, day(i64::try_from(LEAST_DAYS).unwrap())).is_some());
    // An account that used nothing for long and then began.
    let late = office(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 80, 80]);
    assert_eq!(learn(&late, day(11)), None);
    assert_eq!(learn(&[], day(11)), None);
}

#[test]
fn steady_use_goes_on_and_runs_out_in_the_hours_of_work() {
    let pattern = learn(&office(&[80; 28]), day(28)).unwrap();
    let forecast = pattern.forecast(&standing(day(28), 10, 500, 420));
    let near = |credits: Credits, expected: i64| {
        let off = credits.saturating_sub(whole(expected)).micro().abs();
        off < whole(expected).micro() / 50
    };
    assert!(near(forecast.cycle_use.p50, 500 + 800), "{forecast:?}");
    // 420 credits are five days and a quarter: two hours into the sixth day's work, or a little later.
    let out = forecast.runs_out_at.p50.unwrap();
    let work = day(33).plus_micros(9 * HOUR_US);
    assert!(work < out && out < work.plus_micros(8 * HOUR_US), "{out}");
    let (first, last) = (
        forecast.runs_out_at.p10.unwrap(),
        forecast.runs_out_at.p90.unwrap(),
    );
    assert!(first < out && out < last);
    assert_eq!(forecast.outlook(day(28)), Outlook::RunsOut);
}

#[test]
fn weekends_without_use_stay_nearly_without() {
    let week = [80, 80, 80, 80, 80, 0, 0];
    let pattern = learn(&office(&week.repeat(8)), day(56)).unwrap();
    let two_days = |from: i64| {
        let now = day(from);
        let end = pattern.forecast(&standing(now, 2, 0, 10_000));
        end.cycle_use.p50.micro()
    };
    // Saturday and Sunday against Monday and Tuesday.
    assert!(
        two_days(61) * 10 < two_days(56),
        "{} {}",
        two_days(61),
        two_days(56)
    );
}

#[test]
fn what_lasts_has_no_date_and_what_is_gone_is_gone_now() {
    let pattern = learn(&office(&[80; 28]), day(28)).unwrap();
    let lasts = pattern.forecast(&standing(day(28), 10, 0, 5_000));
    assert_eq!(
        lasts.runs_out_at,
        Band {
            p10: None,
            p50: None,
            p90: None
        }
    );
    assert_eq!(lasts.outlook(day(28)), Outlook::Lasts);
    let gone = pattern.forecast(&standing(day(28), 10, 0, 0));
    assert_eq!(gone.runs_out_at.p90, Some(day(28)));
    assert_eq!(gone.outlook(day(28)), Outlook::UsedUp);
}

#[test]
fn grants_that_end_or_begin_within_the_cycle_count_while_they_pay() {
    let pattern = learn(&office(&[80; 28]), day(28)).unwrap();
    let purse = |left, from, to| Purse {
        left: whole(left),
        active: TimeRange::new(day(from), day(to)),
    };
    let out = |purses: Vec<Purse>| {
        let standing = Standing {
            purses,
            ..standing(day(28), 10, 0, 0)
        };
        pattern.forecast(&standing).runs_out_at.p50
    };
    // Much that ends on day 30 pays two days only; the hundred pay a day and a quarter more.
    let ended = out(vec![purse(5_000, 0, 30), purse(100, 0, 38)]).unwrap();
    assert!(day(31) < ended && ended < day(32), "{ended}");
    assert_eq!(out(vec![purse(5_000, 0, 30), purse(5_000, 0, 38)]), None);
    // What begins later does not help before.
    let early = out(vec![purse(100, 0, 38), purse(5_000, 33, 38)]).unwrap();
    assert!(early < day(30), "{early}");
}

#[test]
fn one_burst_sets_no_level() {
    let mut days = vec![80; 28];
    days[25] = 8_000;
    let pattern = learn(&office(&days), day(28)).unwrap();
    let middle = pattern
        .forecast(&standing(day(28), 10, 0, 100_000))
        .cycle_use
        .p50;
    assert!(middle < whole(1_600), "{middle}");
}

/// Numbers that look random, the same every time.
struct Dice(u64);

impl Dice {
    /// Between 0 and 1.
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// Nearly normal: mean 0, variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// How a made-up account uses credits.
#[derive(Clone, Copy)]
struct Habit {
    name: &'static str,
    weekdays: [f64; 7],
    /// Standard deviation of a day, of its expectation's logarithm.
    noise: f64,
    /// The same of the level from day to day.
    wander: f64,
}

const HABITS: [Habit; 4] = [
    Habit {
        name: "office, calm",
        weekdays: [1.2, 1.3, 1.2, 1.1, 1.0, 0.2, 0.1],
        noise: 0.15,
        wander: 0.02,
    },
    Habit {
        name: "office, noisy",
        weekdays: [1.2, 1.3, 1.2, 1.1, 1.0, 0.2, 0.1],
        noise: 0.5,
        wander: 0.03,
    },
    Habit {
        name: "every day, wandering",
        weekdays: [1.0; 7],
        noise: 0.25,
        wander: 0.06,
    },
    Habit {
        name: "weekend trade",
        weekdays: [0.5, 0.5, 0.6, 0.8, 1.3, 2.0, 1.5],
        noise: 0.3,
        wander: 0.03,
    },
];

impl Habit {
    /// Credits of every day, in whole credits.
    fn days(self, seed: u64, count: usize) -> Vec<f64> {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..16 {
            dice.uniform();
        }
        let mut level = 1_000.0_f64;
        let day = |number: usize| {
            level *= (self.wander * dice.normal()).exp();
            level * self.weekdays[number % 7] * (self.noise * dice.normal()).exp()
        };
        (0..count).map(day).collect()
    }
}

/// How forecasts of the use of two weeks came out.
#[derive(Default)]
struct Score {
    made: f64,
    within: f64,
    early: f64,
    /// Mean absolute error, relative to the truth: of the forecast, of a straight line, of the last week again.
    errors: [f64; 3],
    pinball: f64,
    width: f64,
}

/// The loss of a quantile.
fn pinball(truth: f64, said: f64, at: f64) -> f64 {
    (at * (truth - said)).max((at - 1.0) * (truth - said))
}

#[expect(clippy::cast_precision_loss, reason = "statistics")]
fn number(credits: Credits) -> f64 {
    credits.micro() as f64 / 1e6
}

#[expect(clippy::cast_possible_truncation, reason = "statistics")]
fn uses(days: &[f64]) -> Vec<Use> {
    office(
        &days
            .iter()
            .map(|day| day.round() as i64)
            .collect::<Vec<_>>(),
    )
}

impl Score {
    fn take(&mut self, past: &[f64], future: &[f64]) {
        let today = day(i64::try_from(past.len()).unwrap());
        let ahead = i64::try_from(future.len()).unwrap();
        let said = learn(&uses(past), today)
            .unwrap()
            .forecast(&standing(today, ahead, 0, 1))
            .cycle_use;
        let truth: f64 = future.iter().sum();
        let [little, middle, much] = [said.p10, said.p50, said.p90].map(number);
        let mean = past.iter().sum::<f64>() / f64::from(u32::try_from(past.len()).unwrap());
        let line = mean * f64::from(i32::try_from(ahead).unwrap());
        let week = past[past.len() - 7..]
            .iter()
            .cycle()
            .take(future.len())
            .sum::<f64>();
        self.made += 1.0;
        self.within += f64::from(u8::from(little <= truth && truth <= much));
        self.early += f64::from(u8::from(truth < middle));
        for (error, said) in self.errors.iter_mut().zip([middle, line, week]) {
            *error += (said - truth).abs() / truth;
        }
        let losses = [(little, 0.1), (middle, 0.5), (much, 0.9)];
        self.pinball += losses
            .map(|(said, at)| pinball(truth, said, at) / truth)
            .iter()
            .sum::<f64>()
            / 3.0;
        self.width += (much - little) / truth;
    }

    fn of(&self, sum: f64) -> f64 {
        sum / self.made
    }
}

/// Forecasts two and a half weeks ahead from many days of many accounts with one habit. The horizon ends within a week, so
/// that who ignores weekdays pays for it.
fn score(habit: Habit, history: usize) -> Score {
    let mut score = Score::default();
    // Other accounts than those that the priors were chosen with.
    for seed in 101..=140 {
        let days = habit.days(seed, history + AHEAD_DAYS + 12);
        for shift in [0, 3, 5, 9] {
            let start = history + shift;
            score.take(&days[..start], &days[start..start + AHEAD_DAYS + 3]);
        }
    }
    score
}

#[test]
fn the_band_holds_what_it_promises_and_errs_less_than_by_hand() {
    println!(
        "habit, days known: coverage of p10-p90, below p50, width; MAE forecast/line/last week; pinball"
    );
    let mut beaten = 0;
    let mut sums = [0.0; 3];
    for habit in HABITS {
        for history in [14, 28, 56] {
            let score = score(habit, history);
            let [ours, line, week] = score.errors.map(|error| score.of(error));
            let coverage = score.of(score.within);
            println!(
                "{}, {history}: {:.1} %, {:.1} %, {:.1} %; {:.1} % / {:.1} % / {:.1} %; {:.4}",
                habit.name,
                coverage * 100.0,
                score.of(score.early) * 100.0,
                score.of(score.width) * 100.0,
                ours * 100.0,
                line * 100.0,
                week * 100.0,
                score.of(score.pinball),
            );
            // 80 are promised; samples of one account are not independent, and priors widen short histories.
            assert!(
                (0.65..=0.99).contains(&coverage),
                "{}: {coverage}",
                habit.name
            );
            beaten += u32::from(ours <= line) + u32::from(ours <= week);
            for (sum, error) in sums.iter_mut().zip([ours, line, week]) {
                *sum += error;
            }
        }
    }
    assert!(sums[0] < sums[1] && sums[0] < sums[2], "{sums:?}");
    assert!(beaten >= 18, "better than by hand in {beaten} of 24");
}
