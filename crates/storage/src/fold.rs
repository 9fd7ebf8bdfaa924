//! Folded texts beside the texts they are of, for searches.

use sqlx::SqliteConnection;

use crate::error::Result;

/// The schema that has columns for folded texts.
pub(crate) const COLUMNS: i64 = 25;
/// The schema in which they are filled.
pub(crate) const FILLED: i64 = 26;

/// Rows that are folded at once.
const ROWS_AT_ONCE: u32 = 10_000;

/// The folded form of a text as a column has it: none of plain ones, which SQL folds itself.
pub(crate) fn column(text: &str) -> Option<String> {
    (!domain::fold::is_plain(text)).then(|| domain::fold::folded(text))
}

/// Key and name as searches look through them: a folded text has no end of line, so nothing is found across both.
pub(crate) fn key_and_name(key: &str, name: &str) -> String {
    format!(
        "{}\n{}",
        domain::fold::folded(key),
        domain::fold::folded(name)
    )
}

/// A table whose texts are to be folded.
struct Unfolded {
    /// Makes a list of numbers and texts.
    list: &'static str,
    /// Folds a text of the list.
    fold: fn(&str) -> String,
    /// Sets the folded texts; bound to a JSON array of number and text.
    fill: &'static str,
}

/// What is not plain is rare, so the index is searched for it, not the table.
const UNFOLDED: [Unfolded; 4] = [
    Unfolded {
        list: "CREATE TEMP TABLE unfolded AS SELECT seq AS number, reference AS text
            FROM events INDEXED BY events_reference WHERE reference IS NOT NULL AND reference GLOB '*[^!-~]*'",
        fold: domain::fold::folded,
        fill: "UPDATE events SET reference_folded = one.value ->> 1 FROM jsonb_each(?1) AS one
            WHERE seq = one.value ->> 0",
    },
    Unfolded {
        list: "CREATE TEMP TABLE unfolded AS SELECT number, actor AS text FROM audit WHERE actor GLOB '*[^!-~]*'",
        fold: domain::fold::folded,
        fill: "UPDATE audit SET actor_folded = one.value ->> 1 FROM jsonb_each(?1) AS one
            WHERE number = one.value ->> 0",
    },
    Unfolded {
        list: "CREATE TEMP TABLE unfolded AS SELECT account_id AS number, key || char(10) || name AS text FROM accounts",
        fold: lines,
        fill: "UPDATE accounts SET folded = one.value ->> 1 FROM jsonb_each(?1) AS one
            WHERE account_id = one.value ->> 0",
    },
    Unfolded {
        list: "CREATE TEMP TABLE unfolded AS SELECT company_id AS number, key || char(10) || name AS text FROM companies",
        fold: lines,
        fill: "UPDATE companies SET folded = one.value ->> 1 FROM jsonb_each(?1) AS one
            WHERE company_id = one.value ->> 0",
    },
];

/// Folds what earlier programs stored.
#[tracing::instrument(name = "db.folded.fill", skip_all)]
pub(crate) async fn fill(connection: &mut SqliteConnection) -> Result<()> {
    const NEXT: &str =
        "SELECT rowid, number, text FROM temp.unfolded WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
    for table in UNFOLDED {
        sqlx::query(table.list).execute(&mut *connection).await?;
        let mut after = 0;
        loop {
            let rows: Vec<(i64, i64, String)> = sqlx::query_as(NEXT)
                .bind(after)
                .bind(ROWS_AT_ONCE)
                .fetch_all(&mut *connection)
                .await?;
            let Some((last, ..)) = rows.last() else { break };
            after = *last;
            let folded: Vec<_> = rows
                .iter()
                .map(|(_, number, text)| (*number, (table.fold)(text)))
                .collect();
            sqlx::query(table.fill)
                .bind(serde_json::to_string(&folded)?)
                .execute(&mut *connection)
                .await?;
        }
        sqlx::query("DROP TABLE temp.unfolded")
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Key and name as the list has them: a key has no end of line.
fn lines(text: &str) -> String {
    let (key, name) = text.split_once('\n').unwrap_or((text, ""));
    key_and_name(key, name)
}
