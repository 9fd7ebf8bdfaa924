//! What SQLite itself says of a file.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::{
    connect,
    error::{Error, Result, primary_code},
};

/// Result codes of a file that is damaged or no database at all.
const DAMAGED: [i32; 2] = [11, 26];

/// How closely a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Pages and rows are well formed.
    Quick,
    /// Indexes and constraints agree with the rows, too.
    Full,
    /// And every row names what is there.
    Rows,
}

/// Looks at a file on a connection that only reads. A sentence for each damage found; none when the file is sound.
///
/// # Errors
/// The file cannot be looked at, for another reason than damage.
#[tracing::instrument(name = "db.integrity.examine", skip_all)]
pub async fn examine(file: &Path, depth: Depth) -> std::result::Result<Vec<String>, Error> {
    damage_or_error(look(file, depth).await)
}

/// Looks closely at one table and its indexes, so that a large file is looked at little by little. None past the last.
pub(crate) async fn examine_table(file: &Path, number: u32) -> Result<Option<Vec<String>>> {
    let looked = look_at_table(file, number).await;
    match looked {
        Ok(None) => Ok(None),
        Ok(Some(damage)) => Ok(Some(damage)),
        Err(error) => damage_or_error(Err(error)).map(Some),
    }
}

async fn look_at_table(file: &Path, number: u32) -> Result<Option<Vec<String>>> {
    const TABLE: &str = "
        SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name LIMIT 1 OFFSET ?1";
    const CHECK: &str = "SELECT integrity_check FROM pragma_integrity_check(?1)";
    let mut connection = connect::looking(file).connect().await?;
    let table: Option<String> = sqlx::query_scalar(TABLE)
        .bind(number)
        .fetch_optional(&mut connection)
        .await?;
    let Some(table) = table else {
        return Ok(None);
    };
    let said: Vec<String> = sqlx::query_scalar(CHECK)
        .bind(table)
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    Ok(Some(said.into_iter().filter(|line| line != "ok").collect()))
}

/// The same as a sentence when the database cannot even be read because it is damaged.
pub(crate) fn damage_or_error(looked: Result<Vec<String>>) -> Result<Vec<String>> {
    match looked {
        Err(error) if is_damage(&error) => Ok(vec![format!("It cannot be read: {error}.")]),
        looked => looked,
    }
}

/// Whether an error says that the file is damaged.
pub(crate) fn is_damage(error: &Error) -> bool {
    match error {
        Error::Sql(error) => primary_code(error).is_some_and(|code| DAMAGED.contains(&code)),
        _ => false,
    }
}

async fn look(file: &Path, depth: Depth) -> Result<Vec<String>> {
    let mut connection = connect::looking(file).connect().await?;
    let damage = look_through(&mut connection, depth).await?;
    connection.close().await?;
    Ok(damage)
}

async fn look_through(connection: &mut SqliteConnection, depth: Depth) -> Result<Vec<String>> {
    let statement = match depth {
        Depth::Quick => "PRAGMA quick_check(100)",
        Depth::Full | Depth::Rows => "PRAGMA integrity_check(100)",
    };
    let said: Vec<String> = sqlx::query_scalar(statement)
        .fetch_all(&mut *connection)
        .await?;
    let mut damage: Vec<_> = said.into_iter().filter(|line| line != "ok").collect();
    if depth == Depth::Rows {
        damage.extend(strays(connection).await?);
    }
    Ok(damage)
}

/// Rows that name something that is not there.
async fn strays(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    const SQL: &str = "
        SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2";
    let rows: Vec<(String, String, i64)> = sqlx::query_as(SQL).fetch_all(connection).await?;
    let sentences = rows.into_iter().map(|(table, parent, rows)| {
        format!("{rows} rows of {table} name what is not in {parent}.")
    });
    Ok(sentences.collect())
}
