//! What every company's agent used for every activity, bucket by bucket.

use domain::{AccountId, CompanyId, Credits, Time, TimeRange, spike::Part};
use service::ports::Selection;
use sqlx::SqliteConnection;

use crate::{error::Result, filter::Filter, rows::agent};

const SQL: &str = "
    SELECT u.start, u.company_id, u.agent, n.name, u.credits
    FROM usage_bucket AS u JOIN names AS n ON n.account_id = u.account_id AND n.number = u.activity
    WHERE u.account_id = ?1 AND u.start >= ?2 AND u.start < ?3 AND (?4 >> u.agent) & 1
        AND (?5 IS NULL OR u.company_id IN (SELECT value FROM json_each(?5)))
        AND (?6 IS NULL OR u.activity IN (SELECT value FROM json_each(?6)))";

/// Start, company, agent, activity, credits.
type Row = (i64, i64, i64, String, i64);

/// Reads the parts of a range that begins and ends on bucket edges.
#[tracing::instrument(name = "db.parts.read", skip_all)]
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: TimeRange,
) -> Result<Vec<Part>> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(Vec::new());
    };
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(range.start.micros())
        .bind(range.end.micros())
        .bind(filter.agents)
        .bind(filter.companies)
        .bind(filter.activities)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(start, company, number, activity, credits)| {
            Ok(Part {
                company: CompanyId(company),
                agent: agent(number)?,
                activity,
                start: Time::from_micros(start),
                credits: Credits::from_micro(credits),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn parts_are_searched_not_scanned() {
        let range = "SEARCH u USING PRIMARY KEY (account_id=? AND start>? AND start<?)";
        let name = "SEARCH n USING PRIMARY KEY (account_id=? AND number=?)";
        assert_searches(SQL, &[range, name]).await;
    }
}
