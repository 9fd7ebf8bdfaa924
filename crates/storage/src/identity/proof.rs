//! Who made sure that an address is a person's, and what becomes then of what was set up before.

use domain::{Time, UserId};
use service::ports::EmailProof;
use sqlx::SqliteConnection;

use crate::error::{Error, Result};

/// What somebody chose or set up, of which the person is told.
const SECRETS: [&str; 4] = [
    "UPDATE users SET password_hash = '' WHERE user_id = ?1 AND password_hash <> ''",
    "DELETE FROM authenticators WHERE user_id = ?1",
    "DELETE FROM passkeys WHERE user_id = ?1",
    "DELETE FROM recovery_codes WHERE user_id = ?1",
];

/// What else lets somebody in. Links that undo go to an address that the person had before.
const WAYS_IN: [&str; 4] = [
    "DELETE FROM passkey_challenges WHERE user_id = ?1",
    "DELETE FROM identities WHERE user_id = ?1",
    "DELETE FROM email_links WHERE user_id = ?1 AND kind <> 'undo'",
    "DELETE FROM sessions WHERE user_id = ?1",
];

/// What is taken away with a proof. A link in a mailbox replaces the password by itself, and does not go around a second
/// factor: whose that is it does not say.
const fn taken_by(proof: EmailProof) -> &'static [&'static str] {
    match proof {
        EmailProof::Mail => &[],
        EmailProof::SignOn | EmailProof::Operator => &SECRETS,
    }
}

/// Notes that an address is the person's. Was that not known before, somebody else may have set up what lets them in: it
/// is taken away, and the answer says whether there was a password or a second factor among it.
pub(crate) async fn prove(
    connection: &mut SqliteConnection,
    user: UserId,
    by: EmailProof,
    now: Time,
) -> Result<bool> {
    const IS_KNOWN: &str = "SELECT email_proved_by IS NOT NULL FROM users WHERE user_id = ?1";
    let is_known: Option<bool> = sqlx::query_scalar(IS_KNOWN)
        .bind(user.0)
        .fetch_optional(&mut *connection)
        .await?;
    if is_known != Some(false) {
        return Ok(false);
    }
    let mut taken = 0;
    for secret in taken_by(by) {
        let done = sqlx::query(*secret)
            .bind(user.0)
            .execute(&mut *connection)
            .await?;
        taken += done.rows_affected();
    }
    for way in WAYS_IN {
        let way = sqlx::query(way).bind(user.0);
        way.execute(&mut *connection).await?;
    }
    note(connection, user, Some(by), now).await?;
    Ok(taken > 0)
}

/// Notes it, and leaves what was set up: whoever did that has shown now that the address is theirs.
pub(crate) async fn note(
    connection: &mut SqliteConnection,
    user: UserId,
    by: Option<EmailProof>,
    now: Time,
) -> Result<()> {
    const SQL: &str =
        "UPDATE users SET email_proved_by = ?2, email_proved_at = ?3 WHERE user_id = ?1";
    sqlx::query(SQL)
        .bind(user.0)
        .bind(by.map(EmailProof::id))
        .bind(by.map(|_| now.micros()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps with a link that undoes a change what was known of the address before.
pub(crate) async fn keep(
    connection: &mut SqliteConnection,
    user: UserId,
    undo: &[u8],
) -> Result<()> {
    const SQL: &str = "UPDATE email_links SET (proved_by, proved_at) =
        (SELECT email_proved_by, email_proved_at FROM users WHERE user_id = ?1)
        WHERE token_hash = ?2";
    sqlx::query(SQL)
        .bind(user.0)
        .bind(undo)
        .execute(connection)
        .await?;
    Ok(())
}

/// What was kept with a link.
pub(crate) async fn kept(
    connection: &mut SqliteConnection,
    undo: &[u8],
) -> Result<Option<(EmailProof, Time)>> {
    const SQL: &str = "SELECT proved_by, proved_at FROM email_links
        WHERE token_hash = ?1 AND proved_by IS NOT NULL";
    let row: Option<(String, i64)> = sqlx::query_as(SQL)
        .bind(undo)
        .fetch_optional(connection)
        .await?;
    row.map(|(by, at)| Ok((named(&by)?, Time::from_micros(at))))
        .transpose()
}

pub(crate) fn named(name: &str) -> Result<EmailProof> {
    EmailProof::named(name)
        .ok_or_else(|| Error::Corrupt(format!("{name} as a proof of an address")))
}
