//! Reading what usage brought in.

use async_trait::async_trait;
use domain::{
    AccountId, Agent, CompanyId, Credits, Time, TimeRange, lead::LeadKind, usage::Totals,
};

use super::{Grain, Selection, StoreResult};

/// Leads of one sort in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadCell {
    /// Start of the day or bucket; of a single lead the start of its bucket, or of the range when that is later.
    pub start: Time,
    /// Which company got them.
    pub company: CompanyId,
    /// Which agent brought them in.
    pub agent: Agent,
    /// What they are.
    pub kind: LeadKind,
    /// Currency of their worth; none when it was not said.
    pub currency: Option<String>,
    /// What they are worth together, in millionths of the currency.
    pub worth_micro: i64,
    /// How many.
    pub leads: u64,
}

/// Usage of a company's agent in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCell {
    /// Which company spent.
    pub company: CompanyId,
    /// Which agent.
    pub agent: Agent,
    /// The totals.
    pub totals: Totals,
}

/// Chats of a company in one stretch of time: all replies with one reference are one chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatCell {
    /// Which company spent.
    pub company: CompanyId,
    /// What the replies cost.
    pub credits: Credits,
    /// How many chats.
    pub chats: u64,
    /// How many replies.
    pub replies: u64,
}

/// Reads leads, and the usage that brought in nothing. Of a selection, only companies and agents count.
#[async_trait]
pub trait LeadReads {
    /// Leads by stretch of time.
    async fn lead_cells(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
    ) -> StoreResult<Vec<LeadCell>>;

    /// Voice calls of less than ten seconds ([`domain::lead::is_short_call`]) in the range.
    async fn short_calls(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
    ) -> StoreResult<Vec<AgentCell>>;

    /// Chats with replies in the range, as far as these have a reference.
    async fn chats(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<ChatCell>>;

    /// Those of them whose reference a lead of the company names within [`domain::lead::LEAD_REACH_US`] of one of these
    /// replies.
    async fn chats_with_lead(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<ChatCell>>;

    /// Time of the account's first lead; none when it has never reported one.
    async fn first_lead(&mut self, account: AccountId) -> StoreResult<Option<Time>>;
}
