//! What is watched.

use domain::{AccountId, Time, alert::Rule};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    error::Result,
    idempotency::{Did, once},
    writer::Writer,
};

/// Key, condition, by mail, by webhook, snoozed until.
type Row = (String, String, bool, bool, Option<i64>);

#[tracing::instrument(name = "db.alert_rules.list", skip_all)]
pub(super) async fn list(readers: &SqlitePool, account: AccountId) -> Result<Vec<Rule>> {
    const SQL: &str = "SELECT key, condition, by_mail, by_webhook, snoozed_until FROM alert_rules
        WHERE account_id = ?1 ORDER BY key";
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .fetch_all(readers)
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
pub(super) async fn put(writer: &Writer, account: AccountId, rule: &Rule) -> Result<()> {
    once(writer, async |tx| {
        put_rule(tx.connection(), account, rule).await?;
        Ok(Did::Done(()))
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
