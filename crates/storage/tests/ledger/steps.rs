//! What may be asked of a ledger, and what the model makes of it.

use domain::{
    Time,
    event::{MAX_AGE_US, MAX_AHEAD_US},
    ledger::{GrantKind, HoldState, OveragePolicy},
    time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US},
};
use proptest::prelude::*;

use super::{
    model::{Call, GRACE_US, Given, Limits, Model, Payer, Used},
    office::{PACKS, SOURCE},
};

/// An event that is reported so long after it happened.
#[derive(Debug, Clone)]
pub struct Report {
    pub company: usize,
    pub agent: usize,
    pub ago_us: i64,
    pub credits: i64,
}

#[derive(Debug, Clone, Copy)]
pub enum Share {
    Whole,
    Percent(i64),
    TooMuch,
}

/// Things to do. Events and calls are named by any number, taken modulo how many there are.
#[derive(Debug, Clone)]
pub enum Step {
    Report(Vec<Report>),
    Again(usize),
    Otherwise(usize),
    Reverse(usize, Share),
    Pack(usize),
    Adjust(i64),
    Plan(usize),
    Edit(i64, Option<i64>),
    Policy(OveragePolicy),
    Hold {
        company: usize,
        agent: usize,
        credits: i64,
        seconds: u32,
    },
    HoldAgain(usize),
    Renew {
        call: usize,
        more: i64,
        credits: Option<i64>,
        seconds: Option<u32>,
    },
    Settle(usize, i64),
    Release(usize),
    Limit(usize, Limits),
    Suspend(bool),
    Wait(i64),
    Round,
}

/// Up to what one thing costs: a plan pays for a few of them.
const MOST: i64 = 60_000_000;

fn reports() -> impl Strategy<Value = Step> {
    let ago = prop_oneof![
        4 => 0..HOUR_US,
        1 => -MAX_AHEAD_US - SECOND_US..0_i64,
        2 => 0..4 * DAY_US,
        1 => 0..36 * DAY_US,
    ];
    let report =
        (0..2_usize, 0..2_usize, ago, 0..MOST).prop_map(|(company, agent, ago_us, credits)| {
            Report {
                company,
                agent,
                ago_us,
                credits,
            }
        });
    prop::collection::vec(report, 1..4).prop_map(Step::Report)
}

fn holds() -> BoxedStrategy<Step> {
    let begin = (0..2_usize, 0..2_usize, 1..MOST, 1..90_000_u32).prop_map(
        |(company, agent, credits, seconds)| Step::Hold {
            company,
            agent,
            credits,
            seconds: seconds.min(86_400),
        },
    );
    let renew = (
        any::<usize>(),
        -1..MOST / 2,
        prop::option::of(1..2 * MOST),
        prop::option::of(1..7_200_u32),
    );
    let renew = renew.prop_map(|(call, more, credits, seconds)| Step::Renew {
        call,
        more,
        credits,
        seconds,
    });
    prop_oneof![
        4 => begin,
        1 => any::<usize>().prop_map(Step::HoldAgain),
        4 => renew,
        3 => (any::<usize>(), 0..MOST).prop_map(|(call, credits)| Step::Settle(call, credits)),
        1 => any::<usize>().prop_map(Step::Release),
    ]
    .boxed()
}

/// Moments long after, and just before, at and after whatever happens next.
fn waits(model: &Model) -> BoxedStrategy<Step> {
    let boundary = model.cycle_end(model.cycle());
    let expiry = model
        .calls
        .iter()
        .filter(|call| call.state == HoldState::Active)
        .map(|call| call.expires)
        .min();
    let near = |time: Time| {
        let wait = time.micros_since(model.now);
        prop::sample::select(vec![wait - SECOND_US, wait - 1, wait, wait + 1])
            .prop_map(|wait| Step::Wait(wait.max(0)))
    };
    prop_oneof![
        3 => (1..120 * SECOND_US).prop_map(Step::Wait),
        2 => (MINUTE_US..3 * DAY_US).prop_map(Step::Wait),
        1 => (20 * DAY_US..101 * DAY_US).prop_map(Step::Wait),
        3 => near(boundary),
        1 => near(model.cycle().plus_micros(GRACE_US)),
        2 => near(expiry.unwrap_or(boundary)),
    ]
    .boxed()
}

fn terms() -> BoxedStrategy<Step> {
    let policy = prop_oneof![
        Just(OveragePolicy::HardStop),
        (0..50_u32).prop_map(|percent| OveragePolicy::Grace { percent }),
        Just(OveragePolicy::Overage),
    ];
    let rollover = prop::option::of(0..2 * MOST);
    let limit = (
        0..2_usize,
        prop::option::of(0..4 * MOST),
        prop::option::of(0..2 * MOST),
        prop::option::of(0..2 * MOST),
    );
    let limit = limit.prop_map(|(company, budget, chat, voice)| {
        let caps = [chat, voice];
        Step::Limit(company, Limits { budget, caps })
    });
    prop_oneof![
        3 => (0..4_usize).prop_map(Step::Plan),
        1 => (0..4 * MOST, rollover).prop_map(|(credits, rollover)| Step::Edit(credits, rollover)),
        2 => policy.prop_map(Step::Policy),
        2 => limit,
        1 => any::<bool>().prop_map(Step::Suspend),
    ]
    .boxed()
}

/// Any step, likelier those that move credits.
pub fn any_step(model: &Model) -> BoxedStrategy<Step> {
    let share = prop_oneof![
        Just(Share::Whole),
        (1..100_i64).prop_map(Share::Percent),
        Just(Share::TooMuch)
    ];
    prop_oneof![
        6 => reports(),
        1 => any::<usize>().prop_map(Step::Again),
        1 => any::<usize>().prop_map(Step::Otherwise),
        6 => (any::<usize>(), share).prop_map(|(event, share)| Step::Reverse(event, share)),
        2 => (0..PACKS.len()).prop_map(Step::Pack),
        2 => (-2 * MOST..MOST).prop_map(Step::Adjust),
        10 => holds(),
        3 => terms(),
        5 => waits(model),
        1 => Just(Step::Round),
    ]
    .boxed()
}

impl Step {
    /// Whether there is something to do it to.
    pub fn is_possible(&self, model: &Model) -> bool {
        match self {
            Self::Again(_) | Self::Otherwise(_) => {
                model.events.iter().any(|event| event.source == SOURCE)
            }
            Self::Reverse(..) => !model.events.is_empty(),
            Self::HoldAgain(_) | Self::Renew { .. } | Self::Settle(..) | Self::Release(_) => {
                !model.calls.is_empty()
            }
            Self::Adjust(credits) => *credits != 0,
            _ => true,
        }
    }
}

impl Model {
    /// The reported event that a number names.
    pub fn reported(&self, number: usize) -> &Used {
        let reported: Vec<_> = self
            .events
            .iter()
            .filter(|event| event.source == SOURCE)
            .collect();
        reported[number % reported.len()]
    }

    /// The call that a number names: one that runs, more often than not.
    pub fn call(&self, number: usize) -> usize {
        let running: Vec<_> = (0..self.calls.len())
            .filter(|call| self.calls[*call].state == HoldState::Active)
            .collect();
        match running.len() {
            0 => number % self.calls.len(),
            _ if number.is_multiple_of(4) => number / 4 % self.calls.len(),
            of => running[number / 4 % of],
        }
    }

    /// Does a step and says how it is to be answered.
    pub fn step(&mut self, step: &Step) {
        self.steps += 1;
        self.answer = match step {
            Step::Report(reports) => self.report(reports),
            // Known is known, however late it comes.
            Step::Again(_) => "stored 0 1".to_owned(),
            Step::Otherwise(_) => refused("conflict"),
            Step::Reverse(event, share) => self.reverse(event % self.events.len(), *share),
            Step::Pack(pack) => self.give_until(GrantKind::Pack, PACKS[*pack].1, PACKS[*pack].2),
            Step::Adjust(credits) if *credits > 0 => {
                self.give_until(GrantKind::Adjustment, *credits, 1)
            }
            Step::Adjust(credits) => {
                self.correct(-credits);
                let answer = format!("taken {}", self.available());
                self.settle();
                answer
            }
            Step::Renew {
                call,
                more,
                credits,
                seconds,
            } => self.renew(self.call(*call), *more, *credits, *seconds),
            Step::Hold { .. } => self.hold(step),
            Step::HoldAgain(call) => {
                let call = &self.calls[self.call(*call)];
                // Whatever became of it, the same request is answered with it.
                hold_answer(call, true)
            }
            Step::Settle(call, credits) => self.settle_call(self.call(*call), *credits),
            Step::Release(call) => self.release(self.call(*call)),
            _ => self.change(step),
        };
    }

    fn change(&mut self, step: &Step) -> String {
        match step {
            Step::Plan(plan) if *plan != self.plan => self.move_to(*plan),
            Step::Edit(credits, rollover) => self.edit(*credits, *rollover),
            Step::Policy(policy) => self.policy = *policy,
            Step::Limit(company, limits) => self.limits[*company] = limits.clone(),
            Step::Suspend(suspended) => self.suspended = *suspended,
            Step::Wait(micros) => self.pass(self.now.plus_micros(*micros)),
            _ => {}
        }
        "done".to_owned()
    }

    fn too_late(&self, time: Time) -> Option<&'static str> {
        if time > self.now.plus_micros(MAX_AHEAD_US) {
            Some("time_in_future")
        } else if time < self.now.plus_micros(-MAX_AGE_US) {
            Some("time_too_old")
        } else if self.now >= self.cycles.at(time).range.end.plus_micros(GRACE_US) {
            Some("cycle_closed")
        } else {
            None
        }
    }

    fn report(&mut self, reports: &[Report]) -> String {
        let time = |report: &Report| self.now.plus_micros(-report.ago_us);
        let late: Vec<_> = reports
            .iter()
            .filter_map(|report| self.too_late(time(report)))
            .collect();
        if !late.is_empty() {
            return refused(&late.join(" "));
        }
        for (number, report) in reports.iter().enumerate() {
            let time = self.now.plus_micros(-report.ago_us);
            self.spend(Used {
                source: SOURCE,
                id: format!("event-{}-{number}", self.steps),
                time,
                cycle: self.cycle_of(time),
                company: report.company,
                agent: report.agent,
                cost: report.credits,
                back: 0,
            });
        }
        self.settle();
        format!("stored {} 0", reports.len())
    }

    fn reverse(&mut self, event: usize, share: Share) -> String {
        let left = self.events[event].cost - self.events[event].back;
        let credits = share.of(left);
        if left == 0 {
            return "conflict".to_owned();
        }
        if credits > left {
            return refused("invalid");
        }
        let went = self.give_back(event, credits);
        let went: Vec<_> = went
            .into_iter()
            .map(|(payer, credits)| (number_of(payer), credits))
            .collect();
        let back = self.events[event].back;
        format!("reversed {credits} of {back} to {went:?}")
    }

    fn give_until(&mut self, kind: GrantKind, credits: i64, cycles: u32) -> String {
        let mut end = self.now;
        for _ in 0..cycles {
            end = self.cycle_end(end);
        }
        let grant = Given {
            kind,
            from: self.now,
            until: end,
            cycle: None,
        };
        self.give(grant, credits);
        format!("given {credits}")
    }

    fn hold(&mut self, step: &Step) -> String {
        let Step::Hold {
            company,
            agent,
            credits,
            seconds,
        } = step
        else {
            return String::new();
        };
        let decision = self.decide(*company, *agent, Some(*credits));
        if decision != "ok" {
            return format!("denied {decision}");
        }
        let call = Call {
            id: format!("call-{}", self.steps),
            company: *company,
            agent: *agent,
            asked: (*credits, *seconds),
            credits: *credits,
            used: 0,
            expires: self.now.plus_micros(i64::from(*seconds) * SECOND_US),
            state: HoldState::Active,
            cost: None,
        };
        self.calls.push(call);
        hold_answer(&self.calls[self.calls.len() - 1], true)
    }

    fn renew(
        &mut self,
        number: usize,
        more: i64,
        credits: Option<i64>,
        seconds: Option<u32>,
    ) -> String {
        let call = self.calls[number].clone();
        if call.used + more < 0 {
            return refused("negative");
        }
        if call.state != HoldState::Active {
            return hold_answer(&call, false);
        }
        if more < 0 {
            return refused("invalid");
        }
        let mut after = call.clone();
        after.used += more;
        after.credits = credits.unwrap_or(call.credits);
        after.expires = seconds.map_or(call.expires, |seconds| {
            self.now.plus_micros(i64::from(seconds) * SECOND_US)
        });
        // What was used is reserved whatever the limits say; what is asked for beyond has to fit beside it.
        let asks = after.credits > after.used.max(call.reserved());
        if asks {
            let growth = after.credits - call.reserved();
            let decision = self.decide(call.company, call.agent, Some(growth));
            if decision != "ok" {
                return format!("denied {decision}");
            }
        }
        self.calls[number] = after;
        hold_answer(&self.calls[number], true)
    }

    fn settle_call(&mut self, number: usize, credits: i64) -> String {
        let call = &self.calls[number];
        match call.state {
            HoldState::Active => self.end(number, HoldState::Settled, credits),
            HoldState::Settled if call.cost == Some(credits) => {}
            _ => return hold_answer(call, false),
        }
        hold_answer(&self.calls[number], true)
    }

    fn release(&mut self, number: usize) -> String {
        let call = &self.calls[number];
        match call.state {
            HoldState::Active => self.end(number, HoldState::Released, call.used),
            HoldState::Released => {}
            _ => return hold_answer(call, false),
        }
        hold_answer(&self.calls[number], true)
    }

    /// Parts as the database numbers them.
    pub fn numbered_parts(&self, event: usize) -> Vec<(i64, i64)> {
        let parts = self.parts(event).into_iter();
        parts
            .map(|(payer, credits)| (number_of(payer), credits))
            .collect()
    }
}

/// A grant's number, 0 for overage.
pub fn number_of(payer: Payer) -> i64 {
    match payer {
        Payer::Grant(place) => i64::try_from(place).unwrap() + 1,
        Payer::Overage(_) => 0,
    }
}

impl Share {
    pub fn of(self, left: i64) -> i64 {
        match self {
            Self::Whole => left,
            Self::Percent(percent) => (left * percent / 100).max(1),
            Self::TooMuch => left + 1,
        }
    }
}

fn refused(reason: &str) -> String {
    format!("refused {reason}")
}

fn hold_answer(call: &Call, is_taken: bool) -> String {
    if is_taken {
        let (state, cost) = (call.state.id(), call.cost);
        format!("{state} {} {} {cost:?}", call.used, call.reserved())
    } else {
        "conflict".to_owned()
    }
}
