//! Reading leads by looking at every one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AccountId, Agent, CompanyId, Credits, Time, TimeRange, lead::LEAD_REACH_US, usage::Totals,
};
use service::ports::{
    AgentCell, ChatCell, Grain, LeadCell, LeadReads, NewEvent, Selection, StoreResult,
};

use super::{Event, reading::Frozen};

fn is_of(selection: &Selection, company: CompanyId, agent: Agent) -> bool {
    let companies = selection.companies.as_ref();
    companies.is_none_or(|companies| companies.contains(&company))
        && (selection.agents.is_empty() || selection.agents.contains(&agent))
}

impl Frozen {
    fn usage_of(
        &self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        counts: impl Fn(&Event) -> bool,
    ) -> Vec<AgentCell> {
        let mut cells: BTreeMap<(CompanyId, Agent), Totals> = BTreeMap::new();
        for event in &self.0.events {
            let new = &event.new;
            let is_there = new.account == account && range.contains(new.time);
            if is_there && is_of(selection, new.company, new.agent) && counts(event) {
                let cell = cells.entry((new.company, new.agent)).or_default();
                cell.add(Totals {
                    credits: new.credits,
                    events: u64::from(event.reverses.is_none()),
                });
            }
        }
        let cells = cells.into_iter();
        cells
            .map(|((company, agent), totals)| AgentCell {
                company,
                agent,
                totals,
            })
            .collect()
    }

    /// Every conversation, a cell each.
    fn chats_of(
        &self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        counts: impl Fn(&[&Event]) -> bool,
    ) -> Vec<ChatCell> {
        let mut chats: BTreeMap<(CompanyId, &str), Vec<&Event>> = BTreeMap::new();
        for event in &self.0.events {
            let new = &event.new;
            let is_there = new.account == account && range.contains(new.time);
            let is_chat = new.agent == Agent::Chat && is_of(selection, new.company, new.agent);
            if let Some(reference) = new.reference.as_deref()
                && is_there
                && is_chat
            {
                chats
                    .entry((new.company, reference))
                    .or_default()
                    .push(event);
            }
        }
        let chats = chats.into_iter().filter(|(_, replies)| counts(replies));
        let cell = |((company, _), events): ((CompanyId, &str), Vec<&Event>)| {
            let replies = events
                .iter()
                .filter(|event| event.reverses.is_none())
                .count() as u64;
            ChatCell {
                company,
                credits: events.iter().fold(Credits::ZERO, |sum, event| {
                    sum.saturating_add(event.new.credits)
                }),
                chats: replies.min(1),
                replies,
            }
        };
        chats.map(cell).collect()
    }

    fn names(&self, event: &NewEvent) -> bool {
        event.reference.is_some()
            && self.0.leads.iter().any(|lead| {
                (lead.account, lead.company, &lead.reference)
                    == (event.account, event.company, &event.reference)
                    && lead.time.micros_since(event.time).abs() <= LEAD_REACH_US
            })
    }
}

#[async_trait]
impl LeadReads for Frozen {
    async fn lead_cells(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
    ) -> StoreResult<Vec<LeadCell>> {
        let start = |event: &NewEvent| -> Time {
            match grain {
                Grain::Day => event.day_start,
                Grain::Bucket => event.time.bucket(),
                Grain::Event => event.time.bucket().max(range.start),
            }
        };
        let leads = self.0.leads.iter().filter(|event| {
            event.account == account
                && range.contains(event.time)
                && is_of(selection, event.company, event.agent)
        });
        let cells = leads.filter_map(|event| {
            let lead = event.lead.as_ref()?;
            Some(LeadCell {
                start: start(event),
                company: event.company,
                agent: event.agent,
                kind: lead.kind,
                currency: lead.worth.as_ref().map(|worth| worth.currency.clone()),
                worth_micro: lead.worth.as_ref().map_or(0, |worth| worth.amount_micro),
                leads: 1,
            })
        });
        Ok(cells.collect())
    }

    async fn short_calls(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        _: Grain,
    ) -> StoreResult<Vec<AgentCell>> {
        Ok(self.usage_of(account, selection, range, |event| event.new.is_short_call))
    }

    async fn chats(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<ChatCell>> {
        Ok(self.chats_of(account, selection, range, |_| true))
    }

    async fn chats_with_lead(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<ChatCell>> {
        let is_named = |replies: &[&Event]| replies.iter().any(|reply| self.names(&reply.new));
        Ok(self.chats_of(account, selection, range, is_named))
    }

    async fn first_lead(&mut self, account: AccountId) -> StoreResult<Option<Time>> {
        let leads = self.0.leads.iter();
        let of_account = leads.filter(|lead| lead.account == account);
        Ok(of_account.map(|lead| lead.time).min())
    }
}
