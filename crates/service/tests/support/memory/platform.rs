//! Reading across accounts by looking at every event. The plan is the one the account has now.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AccountId, Credits, Time, TimeRange,
    time::{DAY_US, HOUR_US},
    usage::Totals,
};
use service::ports::{
    AccountDay, PlatformCell, PlatformGrain, PlatformGroupBy, PlatformKey, PlatformReads, RunOut,
    Span, SpanUse, StoreResult,
};

use super::{Event, reading::Frozen};

impl Frozen {
    fn plan(&self, event: &Event) -> &str {
        let mut accounts = self.0.accounts.iter();
        let account = accounts.find(|account| account.id == event.new.account);
        account.map_or("", |account| account.plan.as_str())
    }

    fn of_plans(&self, plans: &[String], range: TimeRange) -> impl Iterator<Item = &Event> {
        self.0.events.iter().filter(move |event| {
            let plan = self.plan(event);
            range.contains(event.new.time) && (plans.is_empty() || plans.iter().any(|p| p == plan))
        })
    }
}

fn floor(time: Time, width_us: i64) -> Time {
    Time::from_micros(time.micros() - time.micros().rem_euclid(width_us))
}

fn totals(event: &Event) -> Totals {
    Totals {
        credits: event.new.credits,
        events: u64::from(event.reverses.is_none()),
    }
}

#[async_trait]
impl PlatformReads for Frozen {
    async fn platform_cells(
        &mut self,
        plans: &[String],
        range: TimeRange,
        grain: PlatformGrain,
        group_by: PlatformGroupBy,
    ) -> StoreResult<Vec<PlatformCell>> {
        let width_us = match grain {
            PlatformGrain::Hour => HOUR_US,
            PlatformGrain::Day => DAY_US,
        };
        let mut cells: BTreeMap<(Time, PlatformKey), Totals> = BTreeMap::new();
        for event in self.of_plans(plans, range) {
            let key = match group_by {
                PlatformGroupBy::All => PlatformKey::All,
                PlatformGroupBy::Agent => PlatformKey::Agent(event.new.agent),
                PlatformGroupBy::Activity => PlatformKey::Activity(event.new.activity.clone()),
                PlatformGroupBy::Plan => PlatformKey::Plan(self.plan(event).to_owned()),
            };
            let start = floor(event.new.time, width_us);
            cells.entry((start, key)).or_default().add(totals(event));
        }
        Ok(cells
            .into_iter()
            .map(|((start, key), totals)| PlatformCell { start, key, totals })
            .collect())
    }

    async fn span_uses(&mut self, spans: &[Span]) -> StoreResult<Vec<SpanUse>> {
        let mut uses: BTreeMap<(Time, AccountId, String), SpanUse> = BTreeMap::new();
        for span in spans {
            for event in self.of_plans(&[], span.range()) {
                let (account, plan) = (event.new.account, self.plan(event).to_owned());
                let entry = uses.entry((span.start(), account, plan.clone()));
                let entry = entry.or_insert(SpanUse {
                    span: *span,
                    account,
                    plan,
                    totals: Totals::default(),
                    agents: [false; 6],
                });
                entry.totals.add(totals(event));
                entry.agents[usize::from(event.new.agent.index())] |= event.reverses.is_none();
            }
        }
        Ok(uses.into_values().collect())
    }

    async fn hours_uses(&mut self, range: TimeRange) -> StoreResult<Vec<SpanUse>> {
        let day = Span::day_of(range.start);
        let mut uses: BTreeMap<AccountId, SpanUse> = BTreeMap::new();
        for event in self.of_plans(&[], range) {
            let account = event.new.account;
            let found = uses.entry(account).or_insert_with(|| SpanUse {
                span: day,
                account,
                plan: self.plan(event).to_owned(),
                totals: Totals::default(),
                agents: [false; 6],
            });
            found.totals.add(totals(event));
        }
        Ok(uses.into_values().collect())
    }

    async fn platform_start(&mut self) -> StoreResult<Option<Time>> {
        let events = self.0.events.iter();
        Ok(events.map(|event| floor(event.new.time, DAY_US)).min())
    }

    async fn account_days(
        &mut self,
        accounts: &[AccountId],
        plans: &[String],
        range: TimeRange,
    ) -> StoreResult<Vec<AccountDay>> {
        let mut days: BTreeMap<(AccountId, Time), Totals> = BTreeMap::new();
        for event in self.of_plans(plans, range) {
            if accounts.contains(&event.new.account) {
                let key = (event.new.account, floor(event.new.time, DAY_US));
                days.entry(key).or_default().add(totals(event));
            }
        }
        Ok(days
            .into_iter()
            .map(|((account, start), totals)| AccountDay {
                account,
                start,
                totals,
            })
            .collect())
    }

    async fn accounts_of_plans(&mut self, plans: &[String]) -> StoreResult<u64> {
        let accounts = self.0.accounts.iter();
        let counted = accounts.filter(|account| plans.is_empty() || plans.contains(&account.plan));
        Ok(counted.count() as u64)
    }

    async fn run_outs(&mut self, plans: &[String], range: TimeRange) -> StoreResult<Vec<RunOut>> {
        let mut first: BTreeMap<(AccountId, Time), Time> = BTreeMap::new();
        for event in self.of_plans(plans, TimeRange::new(Time::MIN, Time::MAX)) {
            let spent = event.new.credits > Credits::ZERO;
            if spent && event.payment.balance_after <= Credits::ZERO {
                let at = first
                    .entry((event.new.account, event.new.cycle_start))
                    .or_insert(event.new.time);
                *at = event.new.time.min(*at);
            }
        }
        let run_outs = first
            .into_iter()
            .map(|((account, cycle_start), at)| RunOut {
                account,
                cycle_start,
                at,
            });
        Ok(run_outs
            .filter(|run_out| range.contains(run_out.at))
            .collect())
    }
}
