//! Links that let someone join an account.

use domain::{AccountId, Time, UserId};
use service::ports::{Edited, Invitation, Membership, NewPerson, User};
use sqlx::{SqliteExecutor, SqlitePool};

use super::members;
use crate::{
    error::{Error, Result},
    idempotency::{Did, once},
    identity::users,
    writer::Writer,
};

macro_rules! invitations {
    ($which:literal) => {
        concat!(
            "SELECT account_id, invitation_id, token_hash, mailed_hash, email, role, companies, invited_by, created_at, expires_at
            FROM invitations ",
            $which
        )
    };
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    account_id: i64,
    invitation_id: String,
    token_hash: Vec<u8>,
    mailed_hash: Option<Vec<u8>>,
    email: String,
    role: String,
    companies: String,
    invited_by: String,
    created_at: i64,
    expires_at: i64,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        Ok(Self {
            id: row.invitation_id,
            account: AccountId(row.account_id),
            token_hash: row.token_hash,
            mailed_hash: row.mailed_hash,
            email: row.email,
            role: users::role(&row.role)?,
            companies: serde_json::from_str(&row.companies)?,
            invited_by: row.invited_by,
            created_at: Time::from_micros(row.created_at),
            expires_at: Time::from_micros(row.expires_at),
        })
    }
}

#[tracing::instrument(name = "db.invitations.put", skip_all)]
pub(super) async fn put(writer: &Writer, invitation: &Invitation, most: u32) -> Result<Edited<()>> {
    const IS_MEMBER: &str =
        "SELECT EXISTS (SELECT 1 FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
        WHERE m.account_id = ?1 AND u.email = ?2)";
    const OTHERS: &str = "SELECT count(*) FROM invitations
        WHERE account_id = ?1 AND email <> ?2 AND state = 'open' AND expires_at > ?3";
    const MAILED: &str = "SELECT mailed_hash FROM invitations
        WHERE account_id = ?1 AND email = ?2 AND state = 'open' AND mailed_hash IS NOT NULL";
    // A mailed link is of one invitation.
    const REVOKE: &str = "UPDATE invitations SET state = 'revoked', mailed_hash = NULL
        WHERE account_id = ?1 AND email = ?2 AND state = 'open'";
    const INSERT: &str =
        "INSERT INTO invitations (account_id, invitation_id, token_hash, email, role, companies,
            invited_by, created_at, expires_at, state, mailed_hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open', ?10)";
    once(writer, async |tx| {
        let is_member: bool = sqlx::query_scalar(IS_MEMBER)
            .bind(invitation.account.0)
            .bind(&invitation.email)
            .fetch_one(tx.connection())
            .await?;
        if is_member {
            return Ok(Did::Nothing(Edited::Stale));
        }
        let others: u32 = sqlx::query_scalar(OTHERS)
            .bind(invitation.account.0)
            .bind(&invitation.email)
            .bind(invitation.created_at.micros())
            .fetch_one(tx.connection())
            .await?;
        if others >= most {
            return Ok(Did::Nothing(Edited::Over));
        }
        let mailed: Option<Vec<u8>> = sqlx::query_scalar(MAILED)
            .bind(invitation.account.0)
            .bind(&invitation.email)
            .fetch_optional(tx.connection())
            .await?;
        sqlx::query(REVOKE)
            .bind(invitation.account.0)
            .bind(&invitation.email)
            .execute(tx.connection())
            .await?;
        sqlx::query(INSERT)
            .bind(invitation.account.0)
            .bind(&invitation.id)
            .bind(&invitation.token_hash)
            .bind(&invitation.email)
            .bind(invitation.role.id())
            .bind(serde_json::to_string(&invitation.companies)?)
            .bind(&invitation.invited_by)
            .bind(invitation.created_at.micros())
            .bind(invitation.expires_at.micros())
            .bind(invitation.mailed_hash.as_ref().or(mailed.as_ref()))
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

#[tracing::instrument(name = "db.invitations.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    account: AccountId,
    now: Time,
) -> Result<Vec<Invitation>> {
    let rows: Vec<InvitationRow> = sqlx::query_as(invitations!(
        "WHERE account_id = ?1 AND state = 'open' AND expires_at > ?2 ORDER BY created_at DESC"
    ))
    .bind(account.0)
    .bind(now.micros())
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

#[tracing::instrument(name = "db.invitations.get", skip_all)]
pub(super) async fn open(
    database: impl SqliteExecutor<'_>,
    token_hash: &[u8],
    now: Time,
) -> Result<Option<Invitation>> {
    let row: Option<InvitationRow> = sqlx::query_as(invitations!(
        "WHERE (token_hash = ?1 OR mailed_hash = ?1) AND state = 'open' AND expires_at > ?2"
    ))
    .bind(token_hash)
    .bind(now.micros())
    .fetch_optional(database)
    .await?;
    row.map(Invitation::try_from).transpose()
}

#[tracing::instrument(name = "db.invitations.accepted", skip_all)]
pub(super) async fn accepted(
    readers: &SqlitePool,
    token_hash: &[u8],
) -> Result<Option<Invitation>> {
    let row: Option<InvitationRow> = sqlx::query_as(invitations!(
        "WHERE (token_hash = ?1 OR mailed_hash = ?1) AND state = 'accepted'"
    ))
    .bind(token_hash)
    .fetch_optional(readers)
    .await?;
    row.map(Invitation::try_from).transpose()
}

#[tracing::instrument(name = "db.invitations.revoke", skip_all)]
pub(super) async fn revoke(writer: &Writer, account: AccountId, id: &str) -> Result<bool> {
    const SQL: &str = "UPDATE invitations SET state = 'revoked'
        WHERE account_id = ?1 AND invitation_id = ?2 AND state = 'open'";
    once(writer, async |tx| {
        let query = sqlx::query(SQL).bind(account.0).bind(id);
        let done = query.execute(tx.connection()).await?;
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

#[tracing::instrument(name = "db.invitations.accept", skip_all)]
pub(super) async fn accept(
    writer: &Writer,
    token_hash: &[u8],
    person: Option<&NewPerson>,
    now: Time,
) -> Result<Option<User>> {
    const USE: &str = "UPDATE invitations SET state = 'accepted'
        WHERE account_id = ?1 AND invitation_id = ?2";
    const FIND: &str = "SELECT user_id FROM users WHERE email = ?1";
    let mut tx = writer.begin().await?;
    let Some(invitation) = open(tx.connection(), token_hash, now).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    let known: Option<i64> = sqlx::query_scalar(FIND)
        .bind(&invitation.email)
        .fetch_optional(tx.connection())
        .await?;
    let user = match (known, person) {
        (Some(known), None) => UserId(known),
        (None, Some(person)) => members::find_or_add(tx.connection(), person, now).await?,
        // Nobody becomes somebody who is known by choosing a password, not even at the same moment.
        (Some(_), Some(_)) | (None, None) => {
            tx.rollback().await?;
            return Ok(None);
        }
    };
    let membership = Membership {
        account: invitation.account,
        role: invitation.role,
        companies: invitation.companies,
    };
    if !members::join(tx.connection(), user, &membership).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    sqlx::query(USE)
        .bind(membership.account.0)
        .bind(&invitation.id)
        .execute(tx.connection())
        .await?;
    let stored = users::by_email(tx.connection(), &invitation.email).await?;
    tx.commit().await?;
    Ok(stored)
}
