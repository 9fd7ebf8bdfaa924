//! Changing who belongs to an account, and people themselves.

use domain::{AccountId, Time, UserId, tenancy::Role};
use service::ports::{Edited, EmailProof, Expected, Identity, Membership, NewPerson, Proved};
use sqlx::SqliteConnection;

use crate::{
    error::{Error, Result},
    idempotency::{Did, once},
    identity::{email_links, proof, sessions, users},
    writer::Writer,
};

const REMOVE: &str = "DELETE FROM memberships WHERE account_id = ?1 AND user_id = ?2";

#[tracing::instrument(name = "db.members.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    user: UserId,
    membership: &Membership,
    expected: &Expected,
) -> Result<Edited<()>> {
    once(writer, async |tx| {
        let found = users::membership_in(tx.connection(), user, membership.account).await?;
        if !expected.is_met_by(found.as_ref()) {
            let is_gone = found.is_none();
            let refused = if is_gone {
                Edited::Missing
            } else {
                Edited::Stale
            };
            return Ok(Did::Nothing(refused));
        }
        if !join(tx.connection(), user, membership).await? {
            return Ok(Did::Nothing(Edited::Over));
        }
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

/// Puts a membership in the place of the one before; whether the account keeps an owner with that. If not, the transaction
/// is to be taken back.
pub(super) async fn join(
    connection: &mut SqliteConnection,
    user: UserId,
    membership: &Membership,
) -> Result<bool> {
    if membership.role != Role::Owner {
        if is_only_owner(connection, membership.account, user).await? {
            return Ok(false);
        }
        revoke_invitations(connection, Some(membership.account), user).await?;
    }
    sqlx::query(REMOVE)
        .bind(membership.account.0)
        .bind(user.0)
        .execute(&mut *connection)
        .await?;
    users::add_membership(connection, user.0, membership).await?;
    Ok(true)
}

/// Revokes what somebody invited who may not any more: they were shown the links. Of one account, or of all.
async fn revoke_invitations(
    connection: &mut SqliteConnection,
    account: Option<AccountId>,
    user: UserId,
) -> Result<()> {
    const SQL: &str = "UPDATE invitations SET state = 'revoked'
        WHERE state = 'open' AND (?1 IS NULL OR account_id = ?1) AND invited_by IN
            (SELECT email FROM users WHERE user_id = ?2 UNION SELECT email FROM former_emails WHERE user_id = ?2)";
    sqlx::query(SQL)
        .bind(account.map(|account| account.0))
        .bind(user.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether an account would be left without an owner who can sign in if this person were none any more.
async fn is_only_owner(
    connection: &mut SqliteConnection,
    account: AccountId,
    user: UserId,
) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM memberships
            WHERE account_id = ?1 AND user_id = ?2 AND role = 'owner')
        AND NOT EXISTS (SELECT 1 FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
            WHERE m.account_id = ?1 AND m.user_id <> ?2 AND m.role = 'owner' AND u.disabled = 0)";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(user.0)
        .fetch_one(connection)
        .await?)
}

#[tracing::instrument(name = "db.members.remove", skip_all)]
pub(super) async fn remove(
    writer: &Writer,
    account: AccountId,
    user: UserId,
) -> Result<Edited<()>> {
    once(writer, async |tx| {
        if is_only_owner(tx.connection(), account, user).await? {
            return Ok(Did::Nothing(Edited::Over));
        }
        let query = sqlx::query(REMOVE).bind(account.0).bind(user.0);
        let done = query.execute(tx.connection()).await?;
        if done.rows_affected() == 0 {
            return Ok(Did::Nothing(Edited::Missing));
        }
        revoke_invitations(tx.connection(), Some(account), user).await?;
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

#[tracing::instrument(name = "db.users.set_disabled", skip_all)]
pub(super) async fn set_disabled(
    writer: &Writer,
    user: UserId,
    disabled: bool,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE users SET disabled = ?2, updated_at = ?3 WHERE user_id = ?1";
    once(writer, async |tx| {
        let query = sqlx::query(SQL)
            .bind(user.0)
            .bind(disabled)
            .bind(now.micros());
        let done = query.execute(tx.connection()).await?;
        if disabled {
            sessions::delete_of_user(tx.connection(), user, None).await?;
            revoke_invitations(tx.connection(), None, user).await?;
        }
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

#[tracing::instrument(name = "db.users.set_password", skip_all)]
pub(super) async fn set_password(
    writer: &Writer,
    user: UserId,
    before: &str,
    password_hash: &str,
    keep: Option<&[u8]>,
    now: Time,
) -> Result<Edited<()>> {
    const SQL: &str = "UPDATE users SET password_hash = ?3, updated_at = ?4
        WHERE user_id = ?1 AND password_hash = ?2";
    once(writer, async |tx| {
        let done = sqlx::query(SQL)
            .bind(user.0)
            .bind(before)
            .bind(password_hash)
            .bind(now.micros())
            .execute(tx.connection())
            .await?;
        if done.rows_affected() == 0 {
            return Ok(Did::Nothing(Edited::Stale));
        }
        sessions::delete_of_user(tx.connection(), user, keep).await?;
        email_links::void(tx.connection(), user).await?;
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

#[tracing::instrument(name = "db.users.renew_hash", skip_all)]
pub(super) async fn renew_hash(
    writer: &Writer,
    user: UserId,
    before: &str,
    hash: &str,
) -> Result<()> {
    const SQL: &str =
        "UPDATE users SET password_hash = ?3 WHERE user_id = ?1 AND password_hash = ?2";
    let mut tx = writer.begin().await?;
    sqlx::query(SQL)
        .bind(user.0)
        .bind(before)
        .bind(hash)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

#[tracing::instrument(name = "db.identities.link", skip_all)]
pub(super) async fn link_identity(
    writer: &Writer,
    identity: &Identity,
    person: &NewPerson,
    now: Time,
) -> Result<Proved> {
    const SQL: &str =
        "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING";
    let mut tx = writer.begin().await?;
    let user = find_or_add(tx.connection(), person, now).await?;
    // Somebody else may have invited this address and chosen a password for it.
    let has_lost = proof::prove(tx.connection(), user, EmailProof::SignOn, now).await?;
    sqlx::query(SQL)
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(user.0)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    let stored = users::by_email(tx.connection(), &person.email).await?;
    tx.commit().await?;
    let user =
        stored.ok_or_else(|| Error::Corrupt("a user that was stored is not there".to_owned()))?;
    Ok(Proved { user, has_lost })
}

/// The person of an address; a new one when there is none. Who is there stays as they are.
pub(super) async fn find_or_add(
    connection: &mut SqliteConnection,
    person: &NewPerson,
    now: Time,
) -> Result<UserId> {
    const ADD: &str =
        "INSERT INTO users (email, name, password_hash, created_at, updated_at, email_proved_by, email_proved_at)
        VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6) ON CONFLICT (email) DO NOTHING";
    const FIND: &str = "SELECT user_id FROM users WHERE email = ?1";
    sqlx::query(ADD)
        .bind(&person.email)
        .bind(&person.name)
        .bind(&person.password_hash)
        .bind(now.micros())
        .bind(person.proof.map(EmailProof::id))
        .bind(person.proof.map(|_| now.micros()))
        .execute(&mut *connection)
        .await?;
    let id = sqlx::query_scalar(FIND)
        .bind(&person.email)
        .fetch_one(connection)
        .await?;
    Ok(UserId(id))
}
