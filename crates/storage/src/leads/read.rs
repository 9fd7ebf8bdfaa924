//! Reading what usage brought in, and which usage brought in nothing.

use async_trait::async_trait;
use domain::{
    AccountId, Agent, CompanyId, Credits, Time, TimeRange,
    lead::{LEAD_REACH_US, LeadKind},
    usage::Totals,
};
use service::ports::{AgentCell, ChatCell, Grain, LeadCell, LeadReads, Selection, StoreResult};
use sqlx::{
    FromRow, Sqlite, SqliteConnection,
    query::QueryAs,
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::{
    error::{Error, Result},
    filter::Filter,
    reading::SqliteSnapshot,
    rows::agent,
};

/// Which rows of a range count. Bound: ?1 account, ?2 and ?3 the range, ?4 agents as a bit set, ?5 companies as a JSON
/// array (all when null).
macro_rules! chosen {
    ($time:literal) => {
        concat!(
            " WHERE account_id = ?1 AND ",
            $time,
            " >= ?2 AND ",
            $time,
            " < ?3 AND (?4 >> agent) & 1
            AND (?5 IS NULL OR company_id IN (SELECT value FROM json_each(?5)))"
        )
    };
}

macro_rules! leads {
    ($table:literal) => {
        concat!(
            "SELECT start, company_id, agent, kind, currency, amount, leads FROM ",
            $table,
            chosen!("start")
        )
    };
}

const LEADS: &str = concat!(
    "SELECT max(time - (time % 900000000 + 900000000) % 900000000, ?2), company_id, agent, kind, coalesce(currency, ''),
        coalesce(amount, 0), 1 FROM leads INDEXED BY leads_time",
    chosen!("time")
);
const LEAD_BUCKETS: &str = leads!("lead_bucket");
const LEAD_DAYS: &str = leads!("lead_day");

macro_rules! short_calls {
    ($table:literal) => {
        concat!(
            "SELECT company_id, agent, sum(credits), sum(events) FROM ",
            $table,
            chosen!("start"),
            " GROUP BY 1, 2"
        )
    };
}

const SHORT_CALLS: &str = concat!(
    "SELECT company_id, agent, sum(credits), sum(events) FROM short_calls",
    chosen!("time"),
    " GROUP BY 1, 2"
);
const SHORT_CALL_BUCKETS: &str = short_calls!("short_call_bucket");
const SHORT_CALL_DAYS: &str = short_calls!("short_call_day");

/// Chats whose replies have a reference, by conversation. Reversals take credits back and are no replies.
const CHATS: &str = "
    SELECT company_id, sum(credits), sum(is_chat), sum(replies)
    FROM (
        SELECT company_id, reference, sum(credits) AS credits, max(credits >= 0) AS is_chat, sum(credits >= 0) AS replies
        FROM events INDEXED BY events_chats
        WHERE account_id = ?1 AND time >= ?2 AND time < ?3 AND agent = 0 AND reference IS NOT NULL AND (?4 >> 0) & 1
            AND (?5 IS NULL OR company_id IN (SELECT value FROM json_each(?5)))
        GROUP BY 1, 2
    ) AS named
    GROUP BY 1";

/// From the leads to their replies: there are few leads, and replies of a reference lie together. ?6 is how far a lead
/// reaches.
const CHATS_WITH_LEAD: &str = "
    SELECT company_id, sum(credits), sum(is_chat), sum(replies)
    FROM (
        SELECT e.company_id AS company_id, sum(e.credits) AS credits, max(e.credits >= 0) AS is_chat,
            sum(e.credits >= 0) AS replies
        FROM (
            SELECT DISTINCT company_id, reference FROM leads INDEXED BY leads_time
            WHERE account_id = ?1 AND time >= ?2 - ?6 AND time < ?3 + ?6 AND reference IS NOT NULL
                AND (?5 IS NULL OR company_id IN (SELECT value FROM json_each(?5)))
        ) AS named
        CROSS JOIN events AS e INDEXED BY events_reference
            ON e.account_id = ?1 AND e.reference COLLATE NOCASE = named.reference AND e.time >= ?2 AND e.time < ?3
        WHERE e.reference = named.reference AND e.company_id = named.company_id AND e.agent = 0 AND (?4 >> e.agent) & 1
        GROUP BY e.company_id, e.reference
        HAVING max(EXISTS (
            SELECT 1 FROM leads AS l
            WHERE l.account_id = ?1 AND l.reference = e.reference AND l.company_id = e.company_id
                AND l.time BETWEEN e.time - ?6 AND e.time + ?6
        ))
    ) AS named
    GROUP BY 1";

const FIRST_LEAD: &str = "SELECT min(time) FROM leads WHERE account_id = ?1";

/// Start, company, agent, kind, currency, worth, count.
type LeadRow = (i64, i64, i64, i64, String, i64, i64);

/// Company, agent, credits, events.
type AgentRow = (i64, i64, i64, i64);

/// Company, credits, chats, replies.
type ChatRow = (i64, i64, i64, i64);

#[async_trait]
impl LeadReads for SqliteSnapshot {
    async fn lead_cells(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
    ) -> StoreResult<Vec<LeadCell>> {
        Ok(leads(self.connection(), account, selection, range, grain).await?)
    }

    async fn short_calls(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
    ) -> StoreResult<Vec<AgentCell>> {
        let statement = match grain {
            Grain::Event => SHORT_CALLS,
            Grain::Bucket => SHORT_CALL_BUCKETS,
            Grain::Day => SHORT_CALL_DAYS,
        };
        Ok(short_calls(self.connection(), account, selection, range, statement).await?)
    }

    async fn chats(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<ChatCell>> {
        let statement = (CHATS, None);
        Ok(chats(self.connection(), account, selection, range, statement).await?)
    }

    async fn chats_with_lead(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<ChatCell>> {
        let statement = (CHATS_WITH_LEAD, Some(LEAD_REACH_US));
        Ok(chats(self.connection(), account, selection, range, statement).await?)
    }

    async fn first_lead(&mut self, account: AccountId) -> StoreResult<Option<Time>> {
        Ok(first_lead(self.connection(), account).await?)
    }
}

/// Binds ?1 to ?5.
fn asked<T>(
    statement: &'static str,
    filter: Filter,
    range: TimeRange,
) -> QueryAs<'static, Sqlite, T, SqliteArguments>
where
    T: for<'r> FromRow<'r, SqliteRow>,
{
    sqlx::query_as(statement)
        .bind(filter.account)
        .bind(range.start.micros())
        .bind(range.end.micros())
        .bind(filter.agents)
        .bind(filter.companies)
}

#[tracing::instrument(name = "db.leads.cells", skip_all, fields(?grain))]
async fn leads(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: TimeRange,
    grain: Grain,
) -> Result<Vec<LeadCell>> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(Vec::new());
    };
    let statement = match grain {
        Grain::Event => LEADS,
        Grain::Bucket => LEAD_BUCKETS,
        Grain::Day => LEAD_DAYS,
    };
    let rows: Vec<LeadRow> = asked(statement, filter, range)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(lead_cell).collect()
}

fn lead_cell(row: LeadRow) -> Result<LeadCell> {
    let (start, company, agent_number, kind, currency, worth_micro, leads) = row;
    let kind = usize::try_from(kind)
        .ok()
        .and_then(|kind| LeadKind::ALL.get(kind).copied())
        .ok_or_else(|| Error::Corrupt(format!("a lead of kind {kind}")))?;
    Ok(LeadCell {
        start: Time::from_micros(start),
        company: CompanyId(company),
        agent: agent(agent_number)?,
        kind,
        currency: Some(currency).filter(|currency| !currency.is_empty()),
        worth_micro,
        leads: count(leads)?,
    })
}

#[tracing::instrument(name = "db.leads.short_calls", skip_all)]
async fn short_calls(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: TimeRange,
    statement: &'static str,
) -> Result<Vec<AgentCell>> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(Vec::new());
    };
    let rows: Vec<AgentRow> = asked(statement, filter, range)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(agent_cell).collect()
}

#[tracing::instrument(name = "db.leads.chats", skip_all)]
async fn chats(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: TimeRange,
    (statement, reach_us): (&'static str, Option<i64>),
) -> Result<Vec<ChatCell>> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(Vec::new());
    };
    let mut query = asked(statement, filter, range);
    if let Some(reach_us) = reach_us {
        query = query.bind(reach_us);
    }
    let rows: Vec<ChatRow> = query.fetch_all(connection).await?;
    rows.into_iter().map(chat_cell).collect()
}

fn chat_cell((company, credits, chats, replies): ChatRow) -> Result<ChatCell> {
    Ok(ChatCell {
        company: CompanyId(company),
        credits: Credits::from_micro(credits),
        chats: count(chats)?,
        replies: count(replies)?,
    })
}

#[tracing::instrument(name = "db.leads.first", skip_all)]
async fn first_lead(connection: &mut SqliteConnection, account: AccountId) -> Result<Option<Time>> {
    let micros: Option<i64> = sqlx::query_scalar(FIRST_LEAD)
        .bind(account.0)
        .fetch_one(connection)
        .await?;
    Ok(micros.map(Time::from_micros))
}

fn agent_cell((company, agent_number, credits, events): AgentRow) -> Result<AgentCell> {
    let agent: Agent = agent(agent_number)?;
    Ok(AgentCell {
        company: CompanyId(company),
        agent,
        totals: Totals {
            credits: Credits::from_micro(credits),
            events: count(events)?,
        },
    })
}

fn count(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| Error::Corrupt("a negative number of events".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn leads_are_searched_not_scanned() {
        for table in [
            "lead_bucket",
            "lead_day",
            "short_call_bucket",
            "short_call_day",
        ] {
            let statement = match table {
                "lead_bucket" => LEAD_BUCKETS,
                "lead_day" => LEAD_DAYS,
                "short_call_bucket" => SHORT_CALL_BUCKETS,
                _ => SHORT_CALL_DAYS,
            };
            let search =
                format!("SEARCH {table} USING PRIMARY KEY (account_id=? AND start>? AND start<?)");
            assert_searches(statement, &[&search]).await;
        }
        let by_time = "SEARCH leads USING INDEX leads_time (account_id=? AND time>? AND time<?)";
        assert_searches(LEADS, &[by_time]).await;
        let first = "SEARCH leads USING COVERING INDEX leads_time (account_id=?)";
        assert_searches(FIRST_LEAD, &[first]).await;
        assert_searches(
            CHATS,
            &["SEARCH events USING COVERING INDEX events_chats (account_id=? AND time>? AND time<?)"],
        )
        .await;
        assert_searches(
            CHATS_WITH_LEAD,
            &[
                "SEARCH leads USING COVERING INDEX leads_time (account_id=? AND time>? AND time<?)",
                "SEARCH e USING COVERING INDEX events_reference (account_id=? AND reference=? AND time>? AND time<?)",
                "SEARCH l USING COVERING INDEX leads_reference (account_id=? AND reference=? AND company_id=? AND time>? AND time<?)",
            ],
        )
        .await;
    }
}
