//! What is watched.

use domain::{AccountId, Time, alert::Rule};
use service::ports::{Expected, Stored};
use sqlx::{SqliteConnection, SqliteExecutor, SqlitePool};

use crate::{
    error::Result,
    idempotency::{Did, once},
    writer::Writer,
};

/// Key, condition, by mail, by webhook, snoozed until.
type Row = (String, String, bool, bool, Option<i64>);

#[tracing::instrument(name = "db.alert_rules.list", skip_all)]
pub(super) async fn list(
    database: impl SqliteExecutor<'_>,
    account: AccountId,
) -> Result<Vec<Rule>> {
    const SQL: &str = "SELECT key, condition, by_mail, by_webhook, snoozed_until FROM alert_rules
        WHERE account_id = ?1 ORDER BY key";
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .fetch_all(database)
        .await?;
    rows.into_iter()
        .map(|(key, condition, by_mail, by_webhook, snoozed_until)| {
            Ok(Rule {
                key,
                condition: serde_json::from_str(&condition)?,
                by_mail,
                by_webhook,
                snoozed_until: snoozed_until.map(Time::from_micros),
            })
        })
        .collect()
}

#[tracing::instrument(name = "db.alert_rules.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    account: AccountId,
    rule: &Rule,
    expected: &Expected,
    most: u32,
) -> Result<Stored<Rule>> {
    const COUNT: &str = "SELECT count(*) FROM alert_rules WHERE account_id = ?1";
    once(writer, async |tx| {
        let before = get(tx.connection(), account, &rule.key).await?;
        if !expected.is_met_by(before.as_ref()) {
            return Ok(Did::Nothing(Stored::Stale));
        }
        if before.is_none() {
            let query = sqlx::query_scalar(COUNT).bind(account.0);
            let count: u32 = query.fetch_one(tx.connection()).await?;
            if count >= most {
                return Ok(Did::Nothing(Stored::Over));
            }
        }
        let rule = Rule {
            snoozed_until: before.as_ref().and_then(|before| before.snoozed_until),
            ..rule.clone()
        };
        put_rule(tx.connection(), account, &rule).await?;
        Ok(Did::Done(Stored::now(rule, before.is_some())))
    })
    .await
}

/// One rule.
async fn get(
    connection: &mut SqliteConnection,
    account: AccountId,
    key: &str,
) -> Result<Option<Rule>> {
    let rules = list(connection, account).await?;
    Ok(rules.into_iter().find(|rule| rule.key == key))
}

#[tracing::instrument(name = "db.alert_rules.snooze", skip_all)]
pub(super) async fn snooze(
    writer: &Writer,
    account: AccountId,
    key: &str,
    until: Option<Time>,
) -> Result<Option<Rule>> {
    const SQL: &str =
        "UPDATE alert_rules SET snoozed_until = ?3 WHERE account_id = ?1 AND key = ?2";
    once(writer, async |tx| {
        sqlx::query(SQL)
            .bind(account.0)
            .bind(key)
            .bind(until.map(Time::micros))
            .execute(tx.connection())
            .await?;
        let rule = get(tx.connection(), account, key).await?;
        Ok(if rule.is_some() {
            Did::Done(rule)
        } else {
            Did::Nothing(None)
        })
    })
    .await
}

/// Puts a rule as part of what else is written.
pub(crate) async fn put_rule(
    connection: &mut SqliteConnection,
    account: AccountId,
    rule: &Rule,
) -> Result<()> {
    const SQL: &str =
        "INSERT INTO alert_rules (account_id, key, condition, by_mail, by_webhook, snoozed_until)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT DO UPDATE SET condition = excluded.condition, by_mail = excluded.by_mail,
            by_webhook = excluded.by_webhook, snoozed_until = excluded.snoozed_until";
    sqlx::query(SQL)
        .bind(account.0)
        .bind(&rule.key)
        .bind(serde_json::to_string(&rule.condition)?)
        .bind(rule.by_mail)
        .bind(rule.by_webhook)
        .bind(rule.snoozed_until.map(Time::micros))
        .execute(connection)
        .await?;
    Ok(())
}

#[tracing::instrument(name = "db.alert_rules.delete", skip_all)]
pub(super) async fn delete(writer: &Writer, account: AccountId, key: &str) -> Result<bool> {
    const SQL: &str = "DELETE FROM alert_rules WHERE account_id = ?1 AND key = ?2";
    once(writer, async |tx| {
        let done = sqlx::query(SQL)
            .bind(account.0)
            .bind(key)
            .execute(tx.connection())
            .await?;
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

#[tracing::instrument(name = "db.alert_rules.accounts", skip_all)]
pub(super) async fn accounts(readers: &SqlitePool) -> Result<Vec<AccountId>> {
    const SQL: &str = "SELECT account_id FROM alert_rules
        UNION SELECT account_id FROM alerts WHERE settled_level IS NULL ORDER BY account_id";
    let accounts: Vec<i64> = sqlx::query_scalar(SQL).fetch_all(readers).await?;
    Ok(accounts.into_iter().map(AccountId).collect())
}
