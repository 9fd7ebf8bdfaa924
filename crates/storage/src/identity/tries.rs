//! What may be tried so often.

use async_trait::async_trait;
use domain::{Time, UserId, time::DAY_US};
use service::ports::{CodeGuess, CodeLimits, MailAsk, MailLimit, MailsOf, StoreResult, TryStore};

use crate::{SqliteStore, error::Result, writer::Writer};

#[async_trait]
impl TryStore for SqliteStore {
    async fn count_code(
        &self,
        user: UserId,
        is_guessable: bool,
        limits: &CodeLimits,
        now: Time,
    ) -> StoreResult<CodeGuess> {
        Ok(count(&self.writer, user, is_guessable, limits, now).await?)
    }

    async fn give_back_code(&self, user: UserId, is_guessable: bool) -> StoreResult<()> {
        Ok(give_back(&self.writer, user, is_guessable).await?)
    }

    async fn code_was_wrong(&self, user: UserId, limits: &CodeLimits) -> StoreResult<Option<u32>> {
        Ok(was_wrong(&self.writer, user, limits).await?)
    }

    async fn ask_mail(
        &self,
        ask: &MailAsk<'_>,
        limits: &[MailLimit],
    ) -> StoreResult<Option<MailsOf>> {
        Ok(ask_mail(&self.writer, ask, limits).await?)
    }
}

#[derive(sqlx::FromRow)]
struct GuessRow {
    window_at: i64,
    window_guesses: u32,
    day_guesses: u32,
}

#[tracing::instrument(name = "db.code_guesses.count", skip_all)]
async fn count(
    writer: &Writer,
    user: UserId,
    is_guessable: bool,
    limits: &CodeLimits,
    now: Time,
) -> Result<CodeGuess> {
    const BEGIN: &str =
        "INSERT INTO code_guesses VALUES (?1, ?2, 0, ?2, 0, 0) ON CONFLICT DO NOTHING";
    // A clock that was set back does not make a window last.
    const RENEW: [&str; 2] = [
        "UPDATE code_guesses SET window_at = ?2, window_guesses = 0
            WHERE user_id = ?1 AND NOT (?2 >= window_at AND ?2 < window_at + ?3)",
        "UPDATE code_guesses SET day_at = ?2, day_guesses = 0, told = 0
            WHERE user_id = ?1 AND NOT (?2 >= day_at AND ?2 < day_at + ?3)",
    ];
    const FIND: &str =
        "SELECT window_at, window_guesses, day_guesses FROM code_guesses WHERE user_id = ?1";
    const COUNT: &str = "UPDATE code_guesses SET window_guesses = window_guesses + 1,
            day_guesses = day_guesses + ?2 WHERE user_id = ?1";
    let mut tx = writer.begin().await?;
    sqlx::query(BEGIN)
        .bind(user.0)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    for (renew, length_us) in RENEW.into_iter().zip([limits.window_us, DAY_US]) {
        sqlx::query(renew)
            .bind(user.0)
            .bind(now.micros())
            .bind(length_us)
            .execute(tx.connection())
            .await?;
    }
    let row: GuessRow = sqlx::query_as(FIND)
        .bind(user.0)
        .fetch_one(tx.connection())
        .await?;
    let guess = if row.window_guesses >= limits.most {
        CodeGuess::Wait(Time::from_micros(row.window_at).plus_micros(limits.window_us))
    } else if is_guessable && row.day_guesses >= limits.most_a_day {
        CodeGuess::Spent
    } else {
        sqlx::query(COUNT)
            .bind(user.0)
            .bind(is_guessable)
            .execute(tx.connection())
            .await?;
        CodeGuess::Counted
    };
    tx.commit().await?;
    Ok(guess)
}

#[tracing::instrument(name = "db.code_guesses.give_back", skip_all)]
async fn give_back(writer: &Writer, user: UserId, is_guessable: bool) -> Result<()> {
    const SQL: &str = "UPDATE code_guesses SET window_guesses = max(0, window_guesses - 1),
            day_guesses = max(0, day_guesses - ?2) WHERE user_id = ?1";
    let mut tx = writer.begin().await?;
    sqlx::query(SQL)
        .bind(user.0)
        .bind(is_guessable)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

#[tracing::instrument(name = "db.code_guesses.tell", skip_all)]
async fn was_wrong(writer: &Writer, user: UserId, limits: &CodeLimits) -> Result<Option<u32>> {
    const SQL: &str = "UPDATE code_guesses SET told = told + 1 WHERE user_id = ?1
        AND ((told = 0 AND (day_guesses >= ?2 OR window_guesses >= ?2)) OR (told = 1 AND day_guesses >= ?3))
        RETURNING told";
    let mut tx = writer.begin().await?;
    let told = sqlx::query_scalar(SQL)
        .bind(user.0)
        .bind(limits.told_at)
        .bind(limits.most_a_day)
        .fetch_optional(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(told)
}

/// Emails of which nothing counts any more are removed on the way.
#[tracing::instrument(name = "db.asked_mails.put", skip_all)]
async fn ask_mail(
    writer: &Writer,
    ask: &MailAsk<'_>,
    limits: &[MailLimit],
) -> Result<Option<MailsOf>> {
    const SWEEP: &str = "DELETE FROM asked_mails WHERE asked_at <= ?1";
    const INSERT: &str =
        "INSERT INTO asked_mails (address, kind, cause, asked_at) VALUES (?1, ?2, ?3, ?4)";
    let mut tx = writer.begin().await?;
    sqlx::query(SWEEP)
        .bind(ask.at.plus_micros(-DAY_US).micros())
        .execute(tx.connection())
        .await?;
    for limit in limits {
        let asked: u32 = sqlx::query_scalar(counting(limit.of))
            .bind(ask.kind.id())
            .bind(ask.address)
            .bind(ask.cause)
            .bind(ask.at.plus_micros(-limit.within_us).micros())
            .fetch_one(tx.connection())
            .await?;
        if asked >= limit.most {
            tx.commit().await?;
            return Ok(Some(limit.of));
        }
    }
    sqlx::query(INSERT)
        .bind(ask.address)
        .bind(ask.kind.id())
        .bind(ask.cause)
        .bind(ask.at.micros())
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(None)
}

const fn counting(of: MailsOf) -> &'static str {
    match of {
        MailsOf::Address => {
            "SELECT count(*) FROM asked_mails WHERE kind = ?1 AND address = ?2 AND ?3 IS NOT NULL AND asked_at > ?4"
        }
        MailsOf::Cause => {
            "SELECT count(*) FROM asked_mails WHERE kind = ?1 AND ?2 IS NOT NULL AND cause = ?3 AND asked_at > ?4"
        }
        MailsOf::Both => {
            "SELECT count(*) FROM asked_mails WHERE kind = ?1 AND address = ?2 AND cause = ?3 AND asked_at > ?4"
        }
    }
}
