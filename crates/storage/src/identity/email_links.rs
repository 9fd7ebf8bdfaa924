//! Links sent by email that let someone back in, or change their email address.

use async_trait::async_trait;
use domain::{Time, UserId};
use service::ports::{
    EmailLink, EmailLinkStore, EmailOutcome, EmailProof, LinkKind, StoreResult, User,
};
use sqlx::{SqliteConnection, SqlitePool};

use super::{proof, sessions::delete_of_user, users};
use crate::{SqliteStore, error::Result, writer::Writer};

#[async_trait]
impl EmailLinkStore for SqliteStore {
    async fn put_email_link(&self, link: &EmailLink) -> StoreResult<()> {
        Ok(put(&self.writer, link).await?)
    }

    async fn email_link(
        &self,
        kind: LinkKind,
        token_hash: &[u8],
        now: Time,
    ) -> StoreResult<Option<EmailLink>> {
        Ok(get(self.reading().await?.pool(), kind, token_hash, now).await?)
    }

    async fn reset_password(
        &self,
        token_hash: &[u8],
        password_hash: &str,
        now: Time,
    ) -> StoreResult<Option<User>> {
        Ok(reset_password(&self.writer, token_hash, password_hash, now).await?)
    }

    async fn change_email(
        &self,
        token_hash: &[u8],
        undo: &EmailLink,
        now: Time,
    ) -> StoreResult<EmailOutcome> {
        Ok(change_email(&self.writer, token_hash, undo, now).await?)
    }

    async fn undo_email(
        &self,
        token_hash: &[u8],
        reset: &EmailLink,
        now: Time,
    ) -> StoreResult<EmailOutcome> {
        Ok(undo_email(&self.writer, token_hash, reset, now).await?)
    }

    async fn is_email_kept(&self, email: &str, now: Time) -> StoreResult<bool> {
        Ok(is_kept(self.reading().await?.pool(), email, now).await?)
    }

    async fn former_emails(&self, user: UserId) -> StoreResult<Vec<String>> {
        Ok(former(self.reading().await?.pool(), user).await?)
    }
}

#[derive(sqlx::FromRow)]
struct LinkRow {
    token_hash: Vec<u8>,
    user_id: i64,
    email: String,
    created_at: i64,
    expires_at: i64,
}

impl LinkRow {
    fn link(self, kind: LinkKind) -> EmailLink {
        EmailLink {
            token_hash: self.token_hash,
            kind,
            user: UserId(self.user_id),
            email: self.email,
            created_at: Time::from_micros(self.created_at),
            expires_at: Time::from_micros(self.expires_at),
        }
    }
}

/// Links that nobody used are removed on the way.
#[tracing::instrument(name = "db.email_links.put", skip_all)]
async fn put(writer: &Writer, link: &EmailLink) -> Result<()> {
    let mut tx = writer.begin().await?;
    insert(tx.connection(), link).await?;
    tx.commit().await
}

async fn insert(connection: &mut SqliteConnection, link: &EmailLink) -> Result<()> {
    const SWEEP: &str = "DELETE FROM email_links WHERE expires_at <= ?1";
    const VOID: &str =
        "DELETE FROM email_links WHERE user_id = ?1 AND kind = ?2 AND kind <> 'undo'";
    const INSERT: &str =
        "INSERT INTO email_links (token_hash, kind, user_id, email, created_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    sqlx::query(SWEEP)
        .bind(link.created_at.micros())
        .execute(&mut *connection)
        .await?;
    sqlx::query(VOID)
        .bind(link.user.0)
        .bind(link.kind.id())
        .execute(&mut *connection)
        .await?;
    sqlx::query(INSERT)
        .bind(&link.token_hash)
        .bind(link.kind.id())
        .bind(link.user.0)
        .bind(&link.email)
        .bind(link.created_at.micros())
        .bind(link.expires_at.micros())
        .execute(connection)
        .await?;
    Ok(())
}

#[tracing::instrument(name = "db.email_links.get", skip_all)]
async fn get(
    readers: &SqlitePool,
    kind: LinkKind,
    token_hash: &[u8],
    now: Time,
) -> Result<Option<EmailLink>> {
    const SQL: &str = "SELECT token_hash, user_id, email, created_at, expires_at FROM email_links
        WHERE token_hash = ?1 AND kind = ?2 AND expires_at > ?3";
    let row: Option<LinkRow> = sqlx::query_as(SQL)
        .bind(token_hash)
        .bind(kind.id())
        .bind(now.micros())
        .fetch_optional(readers)
        .await?;
    Ok(row.map(|row| row.link(kind)))
}

/// Uses a link up. Of two who come at once, one is given it.
async fn take(
    connection: &mut SqliteConnection,
    kind: LinkKind,
    token_hash: &[u8],
    now: Time,
) -> Result<Option<EmailLink>> {
    const SQL: &str =
        "DELETE FROM email_links WHERE token_hash = ?1 AND kind = ?2 AND expires_at > ?3
        RETURNING token_hash, user_id, email, created_at, expires_at";
    let row: Option<LinkRow> = sqlx::query_as(SQL)
        .bind(token_hash)
        .bind(kind.id())
        .bind(now.micros())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.link(kind)))
}

/// Voids what links of a person would still do, but those that undo: somebody else took care of them.
pub(crate) async fn void(connection: &mut SqliteConnection, user: UserId) -> Result<()> {
    const SQL: &str = "DELETE FROM email_links WHERE user_id = ?1 AND kind <> 'undo'";
    sqlx::query(SQL).bind(user.0).execute(connection).await?;
    Ok(())
}

#[tracing::instrument(name = "db.users.reset_password", skip_all)]
async fn reset_password(
    writer: &Writer,
    token_hash: &[u8],
    password_hash: &str,
    now: Time,
) -> Result<Option<User>> {
    const SQL: &str = "UPDATE users SET password_hash = ?2, updated_at = ?3
        WHERE user_id = ?1 AND disabled = 0 AND email = ?4";
    let mut tx = writer.begin().await?;
    let Some(link) = take(tx.connection(), LinkKind::Reset, token_hash, now).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    // Whoever reads the mailbox is the person; who is let in by what was there before may be somebody else.
    proof::prove(tx.connection(), link.user, EmailProof::Mail, now).await?;
    let done = sqlx::query(SQL)
        .bind(link.user.0)
        .bind(password_hash)
        .bind(now.micros())
        .bind(&link.email)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(None);
    }
    delete_of_user(tx.connection(), link.user, None).await?;
    void(tx.connection(), link.user).await?;
    let user = users::by_email(tx.connection(), &link.email).await?;
    tx.commit().await?;
    Ok(user)
}

#[tracing::instrument(name = "db.users.change_email", skip_all)]
async fn change_email(
    writer: &Writer,
    token_hash: &[u8],
    undo: &EmailLink,
    now: Time,
) -> Result<EmailOutcome> {
    let mut tx = writer.begin().await?;
    let link = take(tx.connection(), LinkKind::Change, token_hash, now).await?;
    let Some(link) = link.filter(|link| link.user == undo.user) else {
        tx.rollback().await?;
        return Ok(EmailOutcome::Gone);
    };
    let is_kept = kept_from(tx.connection(), &link.email, link.user, now).await?;
    let before = users::by_email(tx.connection(), &undo.email).await?;
    let Some(before) = before.filter(|user| user.id == link.user && !user.disabled) else {
        tx.rollback().await?;
        return Ok(EmailOutcome::Gone);
    };
    if is_kept || !rename(tx.connection(), &before, &link.email, now).await? {
        tx.rollback().await?;
        return Ok(EmailOutcome::Taken);
    }
    // A password link in the mailbox before is worth nothing now.
    void(tx.connection(), link.user).await?;
    insert(tx.connection(), undo).await?;
    proof::keep(tx.connection(), link.user, &undo.token_hash).await?;
    // The person who asked reads the new mailbox: what was set up is theirs.
    proof::note(tx.connection(), link.user, Some(EmailProof::Mail), now).await?;
    tx.commit().await?;
    Ok(EmailOutcome::Changed(before))
}

#[tracing::instrument(name = "db.users.undo_email", skip_all)]
async fn undo_email(
    writer: &Writer,
    token_hash: &[u8],
    reset: &EmailLink,
    now: Time,
) -> Result<EmailOutcome> {
    // Whatever could let somebody in that was set up since, too: the next password is the only way. When recovery codes
    // were made is not known, and whoever was in could have had new ones shown.
    const LATER: [&str; 6] = [
        "DELETE FROM recovery_codes WHERE user_id = ?1 AND ?2 IS NOT NULL",
        "DELETE FROM email_links WHERE user_id = ?1 AND created_at >= ?2",
        "DELETE FROM identities WHERE user_id = ?1 AND created_at >= ?2",
        "DELETE FROM authenticators WHERE user_id = ?1 AND created_at >= ?2",
        "DELETE FROM passkeys WHERE user_id = ?1 AND created_at >= ?2",
        "DELETE FROM passkey_challenges WHERE user_id = ?1 AND created_at >= ?2",
    ];
    let mut tx = writer.begin().await?;
    let kept = proof::kept(tx.connection(), token_hash).await?;
    let Some(link) = take(tx.connection(), LinkKind::Undo, token_hash, now).await? else {
        tx.rollback().await?;
        return Ok(EmailOutcome::Gone);
    };
    let Some(before) = users::by_id(tx.connection(), link.user).await? else {
        tx.rollback().await?;
        return Ok(EmailOutcome::Gone);
    };
    if !rename(tx.connection(), &before, &link.email, now).await? {
        tx.rollback().await?;
        return Ok(EmailOutcome::Taken);
    }
    delete_of_user(tx.connection(), link.user, None).await?;
    void(tx.connection(), link.user).await?;
    for later in LATER {
        sqlx::query(later)
            .bind(link.user.0)
            .bind(link.created_at.micros())
            .execute(tx.connection())
            .await?;
    }
    // What was known of the address before holds again: if it was nobody's, the next password takes the rest along.
    let (by, at) = kept.map_or((None, now), |(by, at)| (Some(by), at));
    proof::note(tx.connection(), link.user, by, at).await?;
    insert(tx.connection(), reset).await?;
    tx.commit().await?;
    Ok(EmailOutcome::Changed(before))
}

/// Gives a person another address, and remembers the one before; `false` when it is somebody else's.
async fn rename(
    connection: &mut SqliteConnection,
    user: &User,
    email: &str,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE OR IGNORE users SET email = ?2, updated_at = ?3 WHERE user_id = ?1";
    const REMEMBER: &str = "INSERT INTO former_emails (user_id, email, changed_at)
        VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let done = sqlx::query(SQL)
        .bind(user.id.0)
        .bind(email)
        .bind(now.micros())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(REMEMBER)
        .bind(user.id.0)
        .bind(&user.email)
        .bind(now.micros())
        .execute(connection)
        .await?;
    Ok(true)
}

/// Whether an address is kept for somebody else.
async fn kept_from(
    connection: &mut SqliteConnection,
    email: &str,
    user: UserId,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM email_links
        WHERE email = ?1 AND kind = 'undo' AND user_id <> ?2 AND expires_at > ?3)";
    Ok(sqlx::query_scalar(SQL)
        .bind(email)
        .bind(user.0)
        .bind(now.micros())
        .fetch_one(connection)
        .await?)
}

#[tracing::instrument(name = "db.email_links.is_kept", skip_all)]
async fn is_kept(readers: &SqlitePool, email: &str, now: Time) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM email_links
        WHERE email = ?1 AND kind = 'undo' AND expires_at > ?2)";
    Ok(sqlx::query_scalar(SQL)
        .bind(email)
        .bind(now.micros())
        .fetch_one(readers)
        .await?)
}

#[tracing::instrument(name = "db.former_emails.list", skip_all)]
async fn former(readers: &SqlitePool, user: UserId) -> Result<Vec<String>> {
    const SQL: &str = "SELECT DISTINCT email FROM former_emails WHERE user_id = ?1 ORDER BY email";
    Ok(sqlx::query_scalar(SQL)
        .bind(user.0)
        .fetch_all(readers)
        .await?)
}
