//! The real ledger beside the model: every step is done to both, and everything that can be read must be the same.

use std::{env, fmt, sync::OnceLock};

use domain::{
    Credits, Time,
    activity::LogAsk,
    bounds::MOST_CREDITS,
    calendar::{Cycles, Window, Zone},
    ledger::{GrantNo, HoldState, Payer, Renewal},
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use rand::{RngCore as _, SeedableRng as _};
use service::{
    Scope, ServiceResult,
    activity::LogRead,
    desk::HOLDS_SOURCE,
    enforce::{BeginHold, EndHold, HeldBy},
    ledger::Adjusted,
    ports::{GroupBy, PutCompany},
};
use tokio::runtime::Runtime;

use super::{
    model::{Limits, Model, Why},
    office::{
        ACCOUNT, AGENTS, COMPANIES, Office, Opening, PACKS, SOURCE, event, micro, plan, refusal,
        view,
    },
    steps::{Report, Share, Step, any_step, number_of},
};

/// Cases of the short form: they take a few seconds.
const CASES: u32 = 32;
/// Most steps of a case.
const STEPS: usize = 40;
/// The plans that accounts change between.
const PLANS: [(i64, Option<i64>); 4] = [
    (100_000_000, None),
    (100_000_000, Some(30_000_000)),
    (250_000_000, Some(1_000_000_000)),
    (0, None),
];
const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"];

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// Where a case begins.
#[derive(Clone)]
pub struct Start {
    pub opening: Opening,
    pub model: Model,
}

/// Only what tells one case from another.
impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opening = &self.opening;
        let (zone, anchor, now) = (opening.zone, opening.anchor, opening.now);
        write!(f, "{zone}, anchor {anchor}, now {now}")
    }
}

fn start(zone: &'static str, anchor_day: i64, now: i64) -> Start {
    let anchor: Time = "2026-01-01T10:30:00Z".parse().unwrap();
    let anchor = anchor.plus_micros(anchor_day * domain::time::DAY_US);
    let now = anchor.plus_micros(now);
    let cycles = Cycles::new(anchor, Zone::named(zone).unwrap());
    let plans = PLANS.iter().enumerate();
    Start {
        opening: Opening {
            zone,
            anchor,
            now,
            plans: plans
                .map(|(number, (credits, rollover))| (plan_key(number), *credits, *rollover))
                .collect(),
        },
        model: Model::new(cycles, now, PLANS.to_vec()),
    }
}

fn plan_key(number: usize) -> String {
    format!("plan-{number}")
}

pub struct Reference;

impl ReferenceStateMachine for Reference {
    type State = Start;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Start> {
        let zone = prop::sample::select(ZONES.to_vec());
        let days = domain::time::DAY_US;
        (zone, 27..31_i64, 0..300 * days)
            .prop_map(|(zone, day, now)| start(zone, day, now))
            .boxed()
    }

    fn transitions(state: &Start) -> BoxedStrategy<Step> {
        any_step(&state.model)
    }

    fn apply(mut state: Start, step: &Step) -> Start {
        state.model.step(step);
        state
    }

    fn preconditions(state: &Start, step: &Step) -> bool {
        step.is_possible(&state.model)
    }
}

/// The real one.
pub struct Real {
    office: Office,
    scope: Scope,
    /// The model as it was before the step: steps name events and calls by their place in it.
    before: Model,
}

pub struct LedgerTest;

impl StateMachineTest for LedgerTest {
    type SystemUnderTest = Real;
    type Reference = Reference;

    fn init_test(start: &Start) -> Real {
        runtime().block_on(async {
            let office = Office::open(start.opening.clone()).await;
            let scope = office.scope().await;
            Real {
                office,
                scope,
                before: start.model.clone(),
            }
        })
    }

    fn apply(mut real: Real, after: &Start, step: Step) -> Real {
        runtime().block_on(async {
            let answer = real.step(&step).await;
            assert_eq!(answer, after.model.answer, "the answer to {step:?}");
            real.before = after.model.clone();
        });
        real
    }

    fn check_invariants(real: &Real, state: &Start) {
        runtime().block_on(async {
            real.same_balance(&state.model).await;
            real.same_grants(&state.model).await;
            real.same_checks(&state.model).await;
            real.same_sums(&state.model).await;
        });
    }

    fn teardown(real: Real) {
        runtime().block_on(async {
            // Whoever only looked has written nothing: now the books are written.
            let suspended = real.before.suspended;
            let office = &real.office;
            let written = office.services[0].suspend(&office.operator, ACCOUNT, suspended);
            written.await.unwrap();
            real.same_payments(&real.before).await;
            real.same_entries(&real.before).await;
            real.same_holds(&real.before).await;
            real.office.healthy().await;
        });
    }
}

impl Real {
    /// Which of the two programs does the next step.
    fn desk(&self) -> usize {
        self.before.steps % 2
    }

    async fn step(&self, step: &Step) -> String {
        let (office, services) = (&self.office, &self.office.services[self.desk()]);
        let operator = &office.operator;
        match step {
            Step::Report(reports) => self.report(reports).await,
            Step::Again(number) => self.report_again(*number, 0).await,
            Step::Otherwise(number) => self.report_again(*number, 1).await,
            Step::Reverse(number, share) => self.reverse(*number, *share).await,
            Step::Pack(pack) => {
                let given = services.grant_pack(operator, ACCOUNT, PACKS[*pack].0, None);
                answer(given.await, |grant| {
                    format!("given {}", grant.amount.micro())
                })
            }
            Step::Adjust(credits) => {
                let adjusted = services.adjust(operator, ACCOUNT, micro(*credits), "because");
                answer(adjusted.await, |adjusted| match adjusted {
                    Adjusted::Given(grant) => format!("given {}", grant.amount.micro()),
                    Adjusted::Taken(left) => format!("taken {}", left.micro()),
                })
            }
            Step::Plan(number) => {
                let policy = self.before.policy;
                let plan = plan_key(*number);
                office.put_account(self.desk(), &plan, policy).await;
                done()
            }
            Step::Policy(policy) => {
                let plan = plan_key(self.before.plan);
                office.put_account(self.desk(), &plan, *policy).await;
                done()
            }
            Step::Edit(credits, rollover) => {
                let plan = plan(&plan_key(self.before.plan), *credits, *rollover);
                answer(services.put_plan(operator, plan).await, |_| done())
            }
            Step::Suspend(suspended) => {
                let suspended = services.suspend(operator, ACCOUNT, *suspended).await;
                answer(suspended, |()| done())
            }
            Step::Limit(company, limits) => self.limit(*company, limits).await,
            Step::Wait(micros) => {
                let until = self.before.now.plus_micros(*micros);
                office.clock.set(until);
                done()
            }
            Step::Round => answer(services.renew_due().await, |_| done()),
            _ => self.step_of_call(step).await,
        }
    }

    async fn report(&self, reports: &[Report]) -> String {
        let number = self.before.steps + 1;
        let events = reports.iter().enumerate().map(|(place, report)| {
            event(
                &format!("event-{number}-{place}"),
                COMPANIES[report.company],
                AGENTS[report.agent],
                self.before.now.plus_micros(-report.ago_us),
                report.credits,
            )
        });
        let stored = self.office.report(self.desk(), events.collect()).await;
        answer(stored, |stored| {
            format!("stored {} {}", stored.accepted, stored.duplicates)
        })
    }

    async fn report_again(&self, number: usize, more: i64) -> String {
        let known = self.before.reported(number);
        let again = event(
            &known.id,
            COMPANIES[known.company],
            AGENTS[known.agent],
            known.time,
            known.cost + more,
        );
        let stored = self.office.report(self.desk(), vec![again]).await;
        answer(stored, |stored| {
            format!("stored {} {}", stored.accepted, stored.duplicates)
        })
    }

    async fn reverse(&self, number: usize, share: Share) -> String {
        let event = &self.before.events[number % self.before.events.len()];
        let credits = match share {
            Share::Whole => None,
            share => Some(micro(share.of(event.cost - event.back))),
        };
        if event.source == HOLDS_SOURCE {
            // A hold that ended by itself is an event once somebody has written it.
            self.office.renew(self.desk()).await;
        }
        let services = &self.office.services[self.desk()];
        let reversed = services.reverse(&self.scope, event.source, &event.id, credits, "not right");
        answer(reversed.await, |reversed| {
            let went = reversed.returned_to.iter();
            let went: Vec<_> = went
                .map(|to| (payer_number(to.payer), to.credits.micro()))
                .collect();
            let (credits, total) = (reversed.credits.micro(), reversed.total.micro());
            format!("reversed {credits} of {total} to {went:?}")
        })
    }

    async fn limit(&self, company: usize, limits: &Limits) -> String {
        let caps = AGENTS.iter().zip(limits.caps);
        let company = PutCompany {
            budget: limits.budget.map(micro),
            agent_caps: caps
                .filter_map(|(agent, cap)| Some((*agent, micro(cap?))))
                .collect(),
            ..PutCompany::named(COMPANIES[company], COMPANIES[company])
        };
        let services = &self.office.services[self.desk()];
        let put = services.put_company(&self.office.operator, ACCOUNT, &company);
        answer(put.await, |_| done())
    }

    async fn step_of_call(&self, step: &Step) -> String {
        let (scope, services) = (&self.scope, &self.office.services[self.desk()]);
        let call = |number: usize| &self.before.calls[self.before.call(number)];
        let held = match step {
            Step::Hold {
                company,
                agent,
                credits,
                seconds,
            } => {
                let id = format!("call-{}", self.before.steps + 1);
                let begin = begin(id, *company, *agent, *credits, *seconds);
                services.begin_hold(scope, begin).await
            }
            Step::HoldAgain(number) => {
                let call = call(*number);
                let (credits, seconds) = call.asked;
                let begin = begin(call.id.clone(), call.company, call.agent, credits, seconds);
                services.begin_hold(scope, begin).await
            }
            Step::Renew {
                call: number,
                more,
                credits,
                seconds,
            } => {
                let renewal = Renewal {
                    used: Some(micro(call(*number).used + more)),
                    credits: credits.map(micro),
                    expires_in_s: *seconds,
                };
                let id = &call(*number).id;
                services.renew_hold(scope, id, renewal).await
            }
            Step::Settle(number, credits) => {
                let end = EndHold {
                    credits: micro(*credits),
                    reference: None,
                    metadata: None,
                };
                let id = &call(*number).id;
                services.settle_hold(scope, id, end).await
            }
            Step::Release(number) => services.release_hold(scope, &call(*number).id).await,
            other => panic!("{other:?} is no step of a call"),
        };
        hold_answer(held)
    }

    async fn same_balance(&self, model: &Model) {
        for services in &self.office.services {
            let shown = services.balance(&self.scope).await.unwrap().balance;
            let right = model.figures();
            let figures =
                [shown.used, shown.held, shown.remaining, shown.overage].map(Credits::micro);
            let expected = [right.used, right.held, right.remaining, right.overage];
            assert_eq!(figures, expected, "used, held, remaining, overage");
            assert_eq!(
                shown.allocation.micro() + shown.overage.micro(),
                shown.used.micro() + shown.remaining.micro() + shown.expired.micro()
            );
        }
    }

    async fn same_grants(&self, model: &Model) {
        let mut shown = self.office.services[0].grants(&self.scope).await.unwrap();
        shown.reverse();
        let shown: Vec<_> = shown
            .iter()
            .map(|grant| {
                assert!(grant.spent >= Credits::ZERO && grant.spent <= grant.amount);
                let (from, until) = (grant.active.start, grant.active.end);
                let credits = (grant.amount.micro(), grant.remaining().micro());
                (grant.kind, credits, from, until, grant.cycle_start)
            })
            .collect();
        let right: Vec<_> = model
            .grants
            .iter()
            .enumerate()
            .map(|(number, grant)| {
                let credits = (model.amount(number), model.left(number));
                (grant.kind, credits, grant.from, grant.until, grant.cycle)
            })
            .collect();
        assert_eq!(shown, right);
    }

    async fn same_checks(&self, model: &Model) {
        let services = &self.office.services[self.desk()];
        for (company, agent) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let room = model.room(company, agent);
            let amounts = [
                None,
                room.filter(|room| *room > 0),
                Some(room.unwrap_or(MOST_CREDITS.micro() - 1) + 1),
            ];
            for credits in amounts {
                let checked = services
                    .check(
                        &self.scope,
                        COMPANIES[company],
                        AGENTS[agent],
                        credits.map(micro),
                    )
                    .await
                    .unwrap();
                let right = model.decide(company, agent, credits);
                assert_eq!(
                    checked.decision.reason.id(),
                    right,
                    "{credits:?} of {room:?}"
                );
                assert_eq!(checked.decision.remaining.map(Credits::micro), room);
            }
        }
    }

    /// The model as far as the database has written it: a hold that ended by itself is an event once somebody writes.
    async fn written(&self, model: &Model) -> Model {
        let mut written = model.clone();
        for call in &model.calls {
            if call.state == HoldState::Expired {
                let held = self.office.services[0].hold(&self.scope, &call.id).await;
                if held.unwrap().hold.is_active() {
                    written.events.retain(|event| event.id != call.id);
                }
            }
        }
        written
    }

    /// Cards, bars and the log add up to what the balance calls used.
    async fn same_sums(&self, model: &Model) {
        let (services, scope) = (&self.office.services[1], &self.scope);
        let model = &self.written(model).await;
        let start = model.cycle();
        let query = view(start, model.cycle_end(start));
        let used = model.used(None, None);
        let summary = services.summary(scope.clone(), &query).await.unwrap();
        assert_eq!(summary.current.credits.micro(), used, "the summary");
        for (agent, now, _) in &summary.agents {
            let of_agent = AGENTS.iter().position(|known| known == agent);
            let right = of_agent.map_or(0, |agent| model.used(None, Some(agent)));
            assert_eq!(now.credits.micro(), right, "the card of {agent}");
        }
        let series = services.series(scope.clone(), &query, Window::Day, GroupBy::Company);
        let groups = series.await.unwrap().groups;
        let bars = groups.iter().flat_map(|(_, totals)| totals);
        let sum: i64 = bars.map(|total| total.credits.micro()).sum();
        assert_eq!(sum, used, "the series");
        let read = LogRead {
            ask: LogAsk::Newest,
            limit: 1_000,
        };
        let log = services.log(scope.clone(), &query, read).await.unwrap();
        let right = model.events.iter().filter(|event| event.cycle == start);
        assert_eq!(log.rows.len(), right.count(), "rows of the log");
    }

    async fn same_payments(&self, model: &Model) {
        for (number, right) in model.events.iter().enumerate() {
            let (services, store) = (&self.office.services[0], &self.office.stores[1]);
            let found = services.event(&self.scope, right.source, &right.id).await;
            let found = found.unwrap();
            assert_eq!(found.credits.micro(), right.cost);
            let paid = store.payment(self.scope.account().id, found.seq).await;
            let paid = paid.unwrap().unwrap();
            let parts: Vec<_> = paid
                .parts
                .iter()
                .map(|part| (payer_number(part.payer), part.credits.micro()))
                .collect();
            assert_eq!(parts, model.numbered_parts(number), "{right:?}");
            assert_eq!(parts.iter().map(|part| part.1).sum::<i64>(), right.cost);
            let back = paid.reversals.iter().map(|back| back.credits.micro());
            let back: i64 = back.sum();
            assert_eq!(back, right.back);
            assert!(back <= right.cost);
        }
    }

    async fn same_entries(&self, model: &Model) {
        let services = &self.office.services[0];
        let entries = services.ledger_entries(&self.scope, None, 100_000).await;
        let mut entries = entries.unwrap();
        entries.reverse();
        let written: Vec<_> = entries
            .iter()
            .map(|line| {
                let entry = &line.entry;
                let payer = payer_number(entry.payer);
                let (kind, credits) = (entry.kind.id(), entry.credits.micro());
                (kind, payer, credits, entry.cycle_start)
            })
            .collect();
        let right: Vec<_> = model
            .lines
            .iter()
            .filter_map(|line| {
                let kind = match line.why {
                    Why::Paid(_) => return None,
                    Why::Granted => "granted",
                    Why::Returned => "returned",
                    Why::Covered => "covered",
                    Why::Corrected => "corrected",
                    Why::CarriedOver => "carried_over",
                };
                Some((kind, number_of(line.payer), line.credits, line.cycle))
            })
            .collect();
        assert_eq!(written, right);
    }

    async fn same_holds(&self, model: &Model) {
        for right in &model.calls {
            let found = self.office.services[0].hold(&self.scope, &right.id).await;
            let hold = found.unwrap().hold;
            assert_eq!(
                (hold.state, hold.used.micro(), hold.settled),
                (right.state, right.used, right.cost.map(micro))
            );
            assert_eq!(hold.is_active(), right.state == HoldState::Active);
        }
        let reported = model.events.iter().filter(|event| event.source == SOURCE);
        let ended = model.calls.iter().filter(|call| call.cost > Some(0));
        assert_eq!(reported.count() + ended.count(), model.events.len());
    }
}

fn begin(id: String, company: usize, agent: usize, credits: i64, seconds: u32) -> BeginHold {
    BeginHold {
        id: Some(id),
        company: COMPANIES[company].to_owned(),
        agent: AGENTS[agent],
        activity: "voice_call".to_owned(),
        credits: micro(credits),
        expires_in_s: seconds,
    }
}

fn payer_number(payer: Payer) -> i64 {
    match payer {
        Payer::Grant(GrantNo(number)) => number,
        Payer::Overage => 0,
    }
}

fn done() -> String {
    "done".to_owned()
}

fn answer<T>(answered: ServiceResult<T>, words: impl FnOnce(T) -> String) -> String {
    match answered {
        Ok(value) => words(value),
        Err(error) => refusal(&error),
    }
}

fn hold_answer(answered: ServiceResult<HeldBy>) -> String {
    answer(answered, |HeldBy { hold, .. }| {
        let cost = hold.settled.map(Credits::micro);
        let (used, reserved) = (hold.used.micro(), hold.reserved().micro());
        format!("{} {used} {reserved} {cost:?}", hold.state.id())
    })
}

/// A number from the environment.
pub fn asked_for<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
    )
}

/// What to draw from: `LEDGER_SEED`, or a new seed. It is printed, so that a failure can be seen again.
pub fn seed() -> u64 {
    let seed =
        asked_for("LEDGER_SEED").unwrap_or_else(|| rand::rngs::StdRng::from_os_rng().next_u64());
    eprintln!("LEDGER_SEED={seed}");
    seed
}

#[test]
fn whatever_is_done_the_ledger_agrees_with_a_plain_one() {
    let cases = asked_for("LEDGER_CASES").unwrap_or(CASES);
    let config = Config {
        cases,
        // A long form that fails should end with a small example, not shrink for hours.
        max_shrink_iters: 2_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config.clone(), rng);
    let sequences = Reference::sequential_strategy(1..STEPS);
    let outcome = runner.run(&sequences, |(start, steps, seen)| {
        LedgerTest::test_sequential(config.clone(), start, steps, seen);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
