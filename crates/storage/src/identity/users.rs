//! People and their places in accounts.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::{AccountId, CompanyId, Time, UserId};
use serde::Deserialize;
use service::ports::{EmailProof, Identity, Membership, NewUser, SecondFactor, Standing, User};
use sqlx::{SqliteConnection, SqliteExecutor, SqlitePool};

use super::{email_links, proof, sessions::delete_of_user};
use crate::{
    directory::after_or_first,
    error::{Error, Result},
    writer::Writer,
};

/// Memberships come as one JSON array, so that a person is one row of one statement.
macro_rules! users {
    ($which:literal) => {
        concat!(
            "SELECT user_id, email, name, password_hash, platform_role, disabled, email_proved_by,
                (SELECT json_group_array(json_object('account', m.account_id, 'role', m.role, 'companies',
                    (SELECT json_group_array(c.company_id ORDER BY c.company_id) FROM membership_companies AS c
                    WHERE c.account_id = m.account_id AND c.user_id = m.user_id)) ORDER BY m.account_id)
                FROM memberships AS m WHERE m.user_id = users.user_id) AS memberships,
                EXISTS (SELECT 1 FROM authenticators AS a WHERE a.user_id = users.user_id) AS has_app,
                (SELECT count(*) FROM passkeys AS p WHERE p.user_id = users.user_id) AS passkeys,
                EXISTS (SELECT 1 FROM memberships AS m JOIN second_factor_demands AS d
                    ON d.account_id = m.account_id AND d.role = m.role
                    WHERE m.user_id = users.user_id) AS needs_second_factor
            FROM users ",
            $which
        )
    };
}

/// Sessions that last, and people: of a session only its hash is there, of a person everything else.
const STANDING: &str = users!(
    "WHERE user_id IN (SELECT value FROM json_each(?1))
    UNION ALL
    SELECT 0, hex(id_hash), '', '', NULL, 0, NULL, '[]', 0, 0, 0 FROM sessions
    WHERE id_hash IN (SELECT unhex(value) FROM json_each(?2)) AND expires_at > ?3"
);

#[derive(sqlx::FromRow)]
struct UserRow {
    user_id: i64,
    email: String,
    name: String,
    password_hash: String,
    platform_role: Option<String>,
    disabled: bool,
    email_proved_by: Option<String>,
    memberships: String,
    has_app: bool,
    passkeys: u32,
    needs_second_factor: bool,
}

#[derive(Deserialize)]
struct MembershipRow {
    account: AccountId,
    role: String,
    companies: Vec<CompanyId>,
}

impl TryFrom<UserRow> for User {
    type Error = Error;

    fn try_from(row: UserRow) -> Result<Self> {
        let memberships: Vec<MembershipRow> = serde_json::from_str(&row.memberships)?;
        Ok(Self {
            id: UserId(row.user_id),
            email: row.email,
            name: row.name,
            password_hash: row.password_hash,
            platform_role: row.platform_role.as_deref().map(role).transpose()?,
            memberships: memberships
                .into_iter()
                .map(membership)
                .collect::<Result<_>>()?,
            disabled: row.disabled,
            email_proof: row
                .email_proved_by
                .as_deref()
                .map(proof::named)
                .transpose()?,
            second_factor: SecondFactor {
                is_set: row.has_app || row.passkeys > 0,
                has_app: row.has_app,
                passkeys: row.passkeys,
                is_demanded: row.needs_second_factor,
            },
        })
    }
}

fn membership(row: MembershipRow) -> Result<Membership> {
    Ok(Membership {
        account: row.account,
        role: role(&row.role)?,
        companies: row.companies,
    })
}

pub(crate) fn role<R: std::str::FromStr>(name: &str) -> Result<R> {
    name.parse()
        .map_err(|_| Error::Corrupt(format!("{name} as a role")))
}

#[tracing::instrument(name = "db.users.get", skip_all)]
pub(crate) async fn by_email(
    database: impl SqliteExecutor<'_>,
    email: &str,
) -> Result<Option<User>> {
    let row: Option<UserRow> = sqlx::query_as(users!("WHERE email = ?1"))
        .bind(email)
        .fetch_optional(database)
        .await?;
    row.map(User::try_from).transpose()
}

#[tracing::instrument(name = "db.users.get", skip_all)]
pub(crate) async fn by_id(database: impl SqliteExecutor<'_>, id: UserId) -> Result<Option<User>> {
    let row: Option<UserRow> = sqlx::query_as(users!("WHERE user_id = ?1"))
        .bind(id.0)
        .fetch_optional(database)
        .await?;
    row.map(User::try_from).transpose()
}

#[tracing::instrument(name = "db.users.standing", skip_all)]
pub(super) async fn standing(
    readers: &SqlitePool,
    sessions: &[Vec<u8>],
    users: &[UserId],
    now: Time,
) -> Result<Standing> {
    let hashes: BTreeMap<String, &Vec<u8>> =
        sessions.iter().map(|hash| (hex(hash), hash)).collect();
    let numbers: Vec<_> = users.iter().map(|user| user.0).collect();
    let rows: Vec<UserRow> = sqlx::query_as(STANDING)
        .bind(serde_json::to_string(&numbers)?)
        .bind(serde_json::to_string(&hashes.keys().collect::<Vec<_>>())?)
        .bind(now.micros())
        .fetch_all(readers)
        .await?;
    let mut standing = Standing::default();
    for row in rows {
        if let Some(hash) = hashes.get(&row.email).filter(|_| row.user_id == 0) {
            standing.sessions.insert((*hash).clone());
        } else {
            let user = User::try_from(row)?;
            standing.users.insert(user.id, user);
        }
    }
    Ok(standing)
}

/// As SQLite writes it.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// What a person may do in an account now.
pub(crate) async fn membership_in(
    connection: &mut SqliteConnection,
    id: UserId,
    account: AccountId,
) -> Result<Option<Membership>> {
    let user = by_id(connection, id).await?;
    let mut memberships = user.into_iter().flat_map(|user| user.memberships);
    Ok(memberships.find(|one| one.account == account))
}

#[tracing::instrument(name = "db.users.list", skip_all)]
pub(crate) async fn of_account(readers: &SqlitePool, account: AccountId) -> Result<Vec<User>> {
    let rows: Vec<UserRow> = sqlx::query_as(users!(
        "WHERE user_id IN (SELECT user_id FROM memberships WHERE account_id = ?1) ORDER BY email"
    ))
    .bind(account.0)
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(User::try_from).collect()
}

#[tracing::instrument(name = "db.users.get", skip_all)]
pub(crate) async fn of_identity(readers: &SqlitePool, identity: &Identity) -> Result<Option<User>> {
    let row: Option<UserRow> = sqlx::query_as(users!(
        "WHERE user_id = (SELECT user_id FROM identities WHERE issuer = ?1 AND subject = ?2)"
    ))
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .fetch_optional(readers)
    .await?;
    row.map(User::try_from).transpose()
}

#[tracing::instrument(name = "db.users.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<User>> {
    let rows: Vec<UserRow> = sqlx::query_as(users!("WHERE email > ?1 ORDER BY email LIMIT ?2"))
        .bind(after_or_first(after))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(User::try_from).collect()
}

#[tracing::instrument(name = "db.users.put", skip_all)]
pub(super) async fn put(writer: &Writer, user: &NewUser, now: Time) -> Result<User> {
    let mut tx = writer.begin().await?;
    if let Some(known) = by_email(tx.connection(), &user.email).await? {
        proof::prove(tx.connection(), known.id, EmailProof::Operator, now).await?;
    }
    let id = upsert(tx.connection(), user, now).await?;
    // Whoever knew the password before must not go on with what it opened.
    delete_of_user(tx.connection(), UserId(id), None).await?;
    email_links::void(tx.connection(), UserId(id)).await?;
    replace_memberships(tx.connection(), id, &user.memberships).await?;
    let stored = by_email(tx.connection(), &user.email).await?;
    tx.commit().await?;
    stored.ok_or_else(|| Error::Corrupt("a user that was stored is not there".to_owned()))
}

async fn upsert(connection: &mut SqliteConnection, user: &NewUser, now: Time) -> Result<i64> {
    const SQL: &str = "
        INSERT INTO users (email, name, password_hash, platform_role, created_at, updated_at,
            email_proved_by, email_proved_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?5, 'operator', ?5)
        ON CONFLICT (email) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash,
            platform_role = excluded.platform_role, updated_at = excluded.updated_at
        RETURNING user_id";
    let id = sqlx::query_scalar(SQL)
        .bind(&user.email)
        .bind(&user.name)
        .bind(&user.password_hash)
        .bind(user.platform_role.map(domain::tenancy::PlatformRole::id))
        .bind(now.micros())
        .fetch_one(connection)
        .await?;
    Ok(id)
}

async fn replace_memberships(
    connection: &mut SqliteConnection,
    user: i64,
    memberships: &[Membership],
) -> Result<()> {
    const DELETE: &str = "DELETE FROM memberships WHERE user_id = ?1";
    sqlx::query(DELETE)
        .bind(user)
        .execute(&mut *connection)
        .await?;
    for membership in memberships {
        add_membership(connection, user, membership).await?;
    }
    Ok(())
}

pub(crate) async fn add_membership(
    connection: &mut SqliteConnection,
    user: i64,
    membership: &Membership,
) -> Result<()> {
    const INSERT: &str = "INSERT INTO memberships (account_id, user_id, role) VALUES (?1, ?2, ?3)";
    // The schema refuses companies of other accounts: a shorter list could end up empty, which means all.
    const COMPANIES: &str = "INSERT INTO membership_companies (account_id, user_id, company_id)
        SELECT ?1, ?2, value FROM json_each(?3)";
    let account = membership.account.0;
    sqlx::query(INSERT)
        .bind(account)
        .bind(user)
        .bind(membership.role.id())
        .execute(&mut *connection)
        .await?;
    sqlx::query(COMPANIES)
        .bind(account)
        .bind(user)
        .bind(serde_json::to_string(&membership.companies)?)
        .execute(connection)
        .await?;
    Ok(())
}
