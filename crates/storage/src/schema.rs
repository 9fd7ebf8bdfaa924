//! The schema's version, and how it moves forward.

use std::path::Path;

use sqlx::{Connection, SqliteConnection, migrate::Migrator};

use crate::{
    connect,
    error::{Error, Result},
    fold,
};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// The latest version this program knows.
fn known() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// The database's version; 0 when it is empty.
async fn found(connection: &mut SqliteConnection) -> Result<i64> {
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *connection)
            .await?;
    if tables == 0 {
        return Ok(0);
    }
    Ok(
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
            .fetch_one(connection)
            .await?,
    )
}

async fn is_applied(connection: &mut SqliteConnection, version: i64) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM _sqlx_migrations WHERE version = ?1)";
    Ok(sqlx::query_scalar(SQL)
        .bind(version)
        .fetch_one(connection)
        .await?)
}

/// Refuses a schema that is not this program's.
#[tracing::instrument(name = "db.schema.check", skip_all)]
pub(crate) async fn check(connection: &mut SqliteConnection) -> Result<()> {
    let (found, known) = (found(connection).await?, known());
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(Error::SchemaOlder { found, known }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::SchemaNewer { found, known }),
    }
}

/// Brings the schema up to this program's: all of it or nothing, one process at a time.
#[tracing::instrument(name = "db.schema.migrate", skip_all)]
pub(crate) async fn migrate(path: &Path) -> Result<()> {
    let mut connection = connect::single(path).await?;
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let (found, known) = (found(&mut tx).await?, known());
    if found > known {
        return Err(Error::SchemaNewer { found, known });
    }
    if found == 0 || !is_applied(&mut tx, fold::FILLED).await? {
        MIGRATIONS
            .run_direct(Some(fold::COLUMNS), &mut *tx, false)
            .await?;
        fold::fill(&mut tx).await?;
    }
    MIGRATIONS.run_direct(None, &mut *tx, false).await?;
    tx.commit().await?;
    Ok(connection.close().await?)
}
