//! A plain ledger: a list of lines, added up whenever something is asked. It shares no code with the real one.
//!
//! It is always up to date, like a server that was never down: when its clock moves, whatever falls due on the way
//! happens in its order.

use domain::{
    Time,
    calendar::Cycles,
    ledger::{GrantKind, HoldState, OveragePolicy},
    time::HOUR_US,
};

/// How long a cycle that ended takes late events.
pub const GRACE_US: i64 = 72 * HOUR_US;

/// Who paid a line: a grant by its place in the list, or nobody yet, in the cycle that starts then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    Grant(usize),
    Overage(Time),
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Granted,
    Paid(usize),
    Returned,
    Covered,
    Corrected,
    CarriedOver,
}

/// Credits into a grant, or off what is due, when positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub why: Why,
    pub payer: Payer,
    pub credits: i64,
    /// The cycle it happened in, or whose overage it concerns.
    pub cycle: Time,
}

#[derive(Debug, Clone)]
pub struct Given {
    pub kind: GrantKind,
    pub from: Time,
    pub until: Time,
    pub cycle: Option<Time>,
}

#[derive(Debug, Clone)]
pub struct Used {
    pub source: &'static str,
    pub id: String,
    pub time: Time,
    pub cycle: Time,
    pub company: usize,
    pub agent: usize,
    pub cost: i64,
    /// What was given back of it.
    pub back: i64,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub id: String,
    pub company: usize,
    pub agent: usize,
    /// Credits and seconds that it was begun with.
    pub asked: (i64, u32),
    pub credits: i64,
    pub used: i64,
    pub expires: Time,
    pub state: HoldState,
    pub cost: Option<i64>,
}

impl Call {
    pub fn reserved(&self) -> i64 {
        self.credits.max(self.used)
    }
}

#[derive(Debug, Clone)]
pub struct Limits {
    pub budget: Option<i64>,
    pub caps: [Option<i64>; 2],
}

/// What is left, as it should be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub used: i64,
    pub held: i64,
    pub remaining: i64,
    pub overage: i64,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub cycles: Cycles,
    pub now: Time,
    /// What plans gave since when, the oldest first: credits of a cycle and the most that is carried over.
    pub plans: Vec<Vec<(Time, i64, Option<i64>)>>,
    pub plan: usize,
    /// Which of its plan's terms the account moved to.
    moved_to: usize,
    pub policy: OveragePolicy,
    pub suspended: bool,
    pub limits: [Limits; 2],
    pub grants: Vec<Given>,
    pub lines: Vec<Line>,
    pub events: Vec<Used>,
    pub calls: Vec<Call>,
    /// Grants that paid overage, oldest first: cycle, grant, and how much of it they did not get back.
    covers: Vec<(Time, usize, i64)>,
    renewed: Time,
    /// How often something was asked; ids are made of it.
    pub steps: usize,
    /// What the latest step is to be answered with.
    pub answer: String,
}

impl Model {
    pub fn new(cycles: Cycles, now: Time, plans: Vec<(i64, Option<i64>)>) -> Self {
        let limits = Limits {
            budget: None,
            caps: [None; 2],
        };
        let mut model = Self {
            renewed: cycles.at(now).range.start,
            cycles,
            now,
            plans: plans
                .into_iter()
                .map(|(credits, rollover)| vec![(now, credits, rollover)])
                .collect(),
            plan: 0,
            moved_to: 0,
            policy: OveragePolicy::HardStop,
            suspended: false,
            limits: [limits.clone(), limits],
            grants: Vec::new(),
            lines: Vec::new(),
            events: Vec::new(),
            calls: Vec::new(),
            covers: Vec::new(),
            steps: 0,
            answer: String::new(),
        };
        model.allot(model.renewed);
        model
    }

    // What is there.

    pub fn cycle(&self) -> Time {
        self.cycle_of(self.now)
    }

    pub fn cycle_of(&self, time: Time) -> Time {
        self.cycles.at(time).range.start
    }

    pub fn cycle_end(&self, start: Time) -> Time {
        self.cycles.at(start).range.end
    }

    fn sum(&self, which: impl Fn(&Line) -> bool) -> i64 {
        self.lines
            .iter()
            .filter(|line| which(line))
            .map(|line| line.credits)
            .sum()
    }

    pub fn amount(&self, grant: usize) -> i64 {
        self.sum(|line| line.payer == Payer::Grant(grant) && line.why == Why::Granted)
    }

    pub fn left(&self, grant: usize) -> i64 {
        self.sum(|line| line.payer == Payer::Grant(grant))
    }

    pub fn due(&self, cycle: Time) -> i64 {
        -self.sum(|line| line.payer == Payer::Overage(cycle))
    }

    fn is_active(&self, grant: usize, time: Time) -> bool {
        self.grants[grant].from <= time && time < self.grants[grant].until
    }

    /// Grants in the order they pay: soonest expiry, free before paid, oldest, number.
    fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.grants.len()).collect();
        order.sort_by_key(|number| {
            let grant = &self.grants[*number];
            let is_paid = grant.kind == GrantKind::Pack;
            (grant.until, is_paid, grant.from, *number)
        });
        order
    }

    pub fn available(&self) -> i64 {
        let active = (0..self.grants.len()).filter(|grant| self.is_active(*grant, self.now));
        active.map(|grant| self.left(grant)).sum::<i64>() - self.due(self.cycle())
    }

    /// What was spent in the running cycle, of a company or an agent in it.
    pub fn used(&self, company: Option<usize>, agent: Option<usize>) -> i64 {
        let cycle = self.cycle();
        self.events
            .iter()
            .filter(|event| event.cycle == cycle)
            .filter(|event| company.is_none_or(|company| event.company == company))
            .filter(|event| agent.is_none_or(|agent| event.agent == agent))
            .map(|event| event.cost - event.back)
            .sum()
    }

    pub fn held(&self, company: Option<usize>, agent: Option<usize>) -> i64 {
        self.calls
            .iter()
            .filter(|call| call.state == HoldState::Active)
            .filter(|call| company.is_none_or(|company| call.company == company))
            .filter(|call| agent.is_none_or(|agent| call.agent == agent))
            .map(Call::reserved)
            .sum()
    }

    pub fn figures(&self) -> Figures {
        let available = self.available();
        Figures {
            used: self.used(None, None),
            held: self.held(None, None),
            remaining: available.max(0),
            overage: (-available).max(0),
        }
    }

    /// What each limit lets through: account, budget, cap. The account's may be without end.
    fn rooms(&self, company: usize, agent: usize) -> [Option<i64>; 3] {
        let figures = self.figures();
        let allocation = figures.used + figures.remaining - figures.overage;
        let past = match self.policy {
            OveragePolicy::HardStop => Some(0),
            OveragePolicy::Grace { percent } => Some(allocation.max(0) * i64::from(percent) / 100),
            OveragePolicy::Overage => None,
        };
        let limits = &self.limits[company];
        let counted = |agent| self.used(Some(company), agent) + self.held(Some(company), agent);
        [
            past.map(|past| figures.remaining - figures.overage - figures.held + past),
            limits.budget.map(|budget| budget - counted(None)),
            limits.caps[agent].map(|cap| cap - counted(Some(agent))),
        ]
    }

    /// The most that may be spent now; none when nothing limits it.
    pub fn room(&self, company: usize, agent: usize) -> Option<i64> {
        let rooms = self.rooms(company, agent);
        rooms.into_iter().flatten().min().map(|room| room.max(0))
    }

    /// `ok`, or why not.
    pub fn decide(&self, company: usize, agent: usize, credits: Option<i64>) -> &'static str {
        if self.suspended {
            return "account_suspended";
        }
        let wanted = credits.unwrap_or(0).max(1);
        let Some(room) = self.room(company, agent) else {
            return "ok";
        };
        if wanted <= room {
            return "ok";
        }
        let reasons = [
            "out_of_credits",
            "company_budget_reached",
            "agent_cap_reached",
        ];
        let rooms = self.rooms(company, agent);
        let tightest = rooms
            .iter()
            .position(|of| of.map(|of| of.max(0)) == Some(room));
        reasons[tightest.unwrap()]
    }

    /// Credits of a cycle, and the most that is carried into it.
    fn terms_of(&self, cycle: Time) -> (i64, Option<i64>) {
        let versions = &self.plans[self.plan];
        let mut found = versions[self.moved_to];
        for version in &versions[self.moved_to + 1..] {
            if version.0 < cycle {
                found = *version;
            }
        }
        (found.1, found.2)
    }

    // What happens.

    pub fn move_to(&mut self, plan: usize) {
        self.plan = plan;
        self.moved_to = self.plans[plan].len() - 1;
        self.allot(self.cycle());
    }

    pub fn edit(&mut self, credits: i64, rollover: Option<i64>) {
        self.plans[self.plan].push((self.now, credits, rollover));
    }

    fn write(&mut self, why: Why, payer: Payer, credits: i64, cycle: Time) {
        self.lines.push(Line {
            why,
            payer,
            credits,
            cycle,
        });
    }

    pub fn give(&mut self, grant: Given, amount: i64) {
        self.add(grant, amount);
        self.settle();
    }

    fn add(&mut self, grant: Given, amount: i64) {
        let number = self.grants.len();
        self.grants.push(grant);
        let cycle = self.cycle();
        self.write(Why::Granted, Payer::Grant(number), amount, cycle);
    }

    /// The plan's credits of a cycle, or what is missing of them.
    pub fn allot(&mut self, cycle: Time) {
        let of_cycle = |model: &Self, number: usize| {
            let grant = &model.grants[number];
            grant.kind == GrantKind::Plan && grant.cycle == Some(cycle)
        };
        let given: Vec<_> = (0..self.grants.len())
            .filter(|number| of_cycle(self, *number))
            .map(|number| self.amount(number))
            .collect();
        let missing = self.terms_of(cycle).0 - given.iter().sum::<i64>();
        if given.is_empty() || missing > 0 {
            let grant = Given {
                kind: GrantKind::Plan,
                from: cycle,
                until: self.cycle_end(cycle),
                cycle: Some(cycle),
            };
            self.give(grant, missing.max(0));
        }
    }

    fn is_allotted(&self, cycle: Time) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.kind == GrantKind::Plan && grant.cycle == Some(cycle))
    }

    /// Takes credits from what is active at a time; what is missing is due in a cycle.
    fn take(&mut self, why: Why, time: Time, cycle: Time, credits: i64) {
        let mut missing = credits;
        let line_cycle = if why == Why::Corrected {
            self.cycle()
        } else {
            cycle
        };
        for grant in self.in_order() {
            let part = self.left(grant).min(missing);
            if self.is_active(grant, time) && part > 0 {
                self.write(why, Payer::Grant(grant), -part, line_cycle);
                missing -= part;
            }
        }
        if missing > 0 {
            self.write(why, Payer::Overage(cycle), -missing, line_cycle);
        }
    }

    /// While active grants have something left, nothing is due in the running cycle.
    pub fn settle(&mut self) {
        let cycle = self.cycle();
        for grant in self.in_order() {
            let part = self.left(grant).min(self.due(cycle));
            if self.is_active(grant, self.now) && part > 0 {
                self.write(Why::Covered, Payer::Grant(grant), -part, cycle);
                // It is taken off what is due without being a line of its own.
                self.lines.push(Line {
                    why: Why::Paid(usize::MAX),
                    payer: Payer::Overage(cycle),
                    credits: part,
                    cycle,
                });
                let latest = self.covers.iter_mut().rev().find(|cover| cover.0 == cycle);
                match latest {
                    Some(cover) if cover.1 == grant => cover.2 += part,
                    _ => self.covers.push((cycle, grant, part)),
                }
            }
        }
    }

    pub fn spend(&mut self, event: Used) {
        if !self.is_allotted(event.cycle) {
            self.allot(event.cycle);
        }
        let number = self.events.len();
        self.take(Why::Paid(number), event.time, event.cycle, event.cost);
        self.events.push(event);
    }

    pub fn correct(&mut self, credits: i64) {
        self.take(Why::Corrected, self.now, self.cycle(), credits);
    }

    /// Who paid an event, in order.
    pub fn parts(&self, event: usize) -> Vec<(Payer, i64)> {
        self.lines
            .iter()
            .filter(|line| line.why == Why::Paid(event))
            .map(|line| (line.payer, -line.credits))
            .collect()
    }

    /// Gives back a part of an event, credit by credit from its end, without those given back before. Says where they went.
    pub fn give_back(&mut self, event: usize, credits: i64) -> Vec<(Payer, i64)> {
        let (before, of) = (self.lines.len(), self.events[event].cycle);
        let mut ended = Vec::new();
        let (mut skip, mut left) = (self.events[event].back, credits);
        for (payer, part) in self.parts(event).into_iter().rev() {
            let skipped = part.min(skip);
            let back = (part - skipped).min(left);
            skip -= skipped;
            left -= back;
            match payer {
                _ if back == 0 => {}
                Payer::Grant(grant) => self.hand_back(grant, back, of, &mut ended),
                Payer::Overage(cycle) => self.forgive(cycle, back, &mut ended),
            }
        }
        self.give_anew(&ended);
        self.events[event].back += credits;
        let mut went: Vec<(Payer, i64)> = Vec::new();
        for line in &self.lines[before..] {
            match went.iter_mut().find(|(payer, _)| *payer == line.payer) {
                Some((_, sum)) => *sum += line.credits,
                None => went.push((line.payer, line.credits)),
            }
        }
        let sum: i64 = went.iter().map(|(_, credits)| credits).sum();
        assert_eq!(sum, credits, "each credit goes to one place");
        self.settle();
        went
    }

    /// To a grant that can still pay; what others had paid is kept apart.
    fn hand_back(&mut self, grant: usize, back: i64, cycle: Time, ended: &mut Vec<(usize, i64)>) {
        if self.grants[grant].until > self.now {
            self.write(Why::Returned, Payer::Grant(grant), back, cycle);
        } else {
            ended.push((grant, back));
        }
    }

    /// What ended grants had paid: carried over like what their plan had left, as far as that goes, or a grant of its own.
    fn give_anew(&mut self, ended: &[(usize, i64)]) {
        let start = self.cycle();
        let before = self.cycles.before(self.cycles.at(start)).range.start;
        let is_open = self.now < start.plus_micros(GRACE_US);
        let cap = self.terms_of(start).1.filter(|_| is_open).unwrap_or(0);
        let carried: i64 = (0..self.grants.len())
            .filter(|number| {
                let grant = &self.grants[*number];
                grant.kind == GrantKind::Rollover && grant.cycle == Some(start)
            })
            .map(|number| self.amount(number))
            .sum();
        let left_over: i64 = ended
            .iter()
            .filter(|(number, _)| {
                let grant = &self.grants[*number];
                grant.kind == GrantKind::Plan && grant.cycle == Some(before)
            })
            .map(|(_, back)| back)
            .sum();
        let until = self.cycle_end(start);
        let over = left_over.min((cap - carried).max(0));
        if over > 0 {
            let grant = Given {
                kind: GrantKind::Rollover,
                from: before,
                until,
                cycle: Some(start),
            };
            self.add(grant, over);
        }
        let rest = ended.iter().map(|(_, back)| back).sum::<i64>() - over;
        if rest > 0 {
            let grant = Given {
                kind: GrantKind::Refund,
                from: self.now,
                until,
                cycle: None,
            };
            self.add(grant, rest);
        }
    }

    /// What is due falls; what others have paid of it already goes back to them, the latest first.
    fn forgive(&mut self, cycle: Time, credits: i64, ended: &mut Vec<(usize, i64)>) {
        let off = self.due(cycle).min(credits);
        if off > 0 {
            self.write(Why::Returned, Payer::Overage(cycle), off, cycle);
        }
        let mut left = credits - off;
        for place in (0..self.covers.len()).rev() {
            let (of, grant, covered) = self.covers[place];
            let back = covered.min(left);
            if of == cycle && back > 0 {
                self.covers[place].2 -= back;
                left -= back;
                self.hand_back(grant, back, cycle, ended);
            }
        }
        self.covers.retain(|cover| cover.2 > 0);
        assert_eq!(left, 0, "overage is due or was covered");
    }

    /// Lets time pass: cycles begin and abandoned holds end, in the order in which they do.
    pub fn pass(&mut self, until: Time) {
        loop {
            let boundary = self.cycle_end(self.renewed);
            let hold = self
                .calls
                .iter()
                .enumerate()
                .filter(|(_, call)| call.state == HoldState::Active)
                .map(|(number, call)| (call.expires, &call.id, number))
                .min();
            let next = hold.as_ref().map_or(boundary, |hold| hold.0.min(boundary));
            if next > until {
                break;
            }
            self.now = next;
            match hold {
                Some((at, _, number)) if at < boundary => {
                    self.end(number, HoldState::Expired, self.calls[number].used);
                }
                _ => self.begin_cycle(boundary),
            }
        }
        self.now = until;
    }

    fn begin_cycle(&mut self, start: Time) {
        let before = self.renewed;
        self.renewed = start;
        self.allot(start);
        self.carry_over(before, start);
        self.settle();
    }

    fn carry_over(&mut self, before: Time, start: Time) {
        let Some(mut cap) = self.terms_of(start).1 else {
            return;
        };
        let mut carried = 0;
        for number in self.in_order() {
            let grant = &self.grants[number];
            let part = self.left(number).min(cap);
            if grant.kind == GrantKind::Plan && grant.cycle == Some(before) && part > 0 {
                self.write(Why::CarriedOver, Payer::Grant(number), -part, before);
                carried += part;
                cap -= part;
            }
        }
        if carried > 0 {
            let grant = Given {
                kind: GrantKind::Rollover,
                from: before,
                until: self.cycle_end(start),
                cycle: Some(start),
            };
            self.give(grant, carried);
        }
    }

    /// Ends a call; a cost becomes an event.
    pub fn end(&mut self, number: usize, state: HoldState, cost: i64) {
        let call = &mut self.calls[number];
        call.state = state;
        call.cost = Some(cost);
        call.used = call.used.max(cost);
        let call = call.clone();
        if cost > 0 {
            self.spend(Used {
                source: service::desk::HOLDS_SOURCE,
                id: call.id,
                time: self.now,
                cycle: self.cycle(),
                company: call.company,
                agent: call.agent,
                cost,
                back: 0,
            });
        }
        self.settle();
    }
}
