//! Events that are to be given back: how they were paid, and how much of them was given back before.

use std::collections::BTreeMap;

use domain::{
    AccountId, Credits, Seq,
    ledger::{GrantNo, Part, Payer},
};
use service::ports::Reversible;
use sqlx::SqliteConnection;

use super::{OVERAGE, SEVERAL};
use crate::{error::Result, events::find_in};

const PAID: &str = "
    SELECT paid_by, balance_after, coalesce((SELECT -sum(r.credits) FROM events AS r WHERE r.reverses = ?2), 0)
    FROM events WHERE account_id = ?1 AND seq = ?2 AND reverses IS NULL";

const PARTS: &str =
    "SELECT grant_number, credits FROM payments WHERE account_id = ?1 AND seq = ?2 ORDER BY part";

/// Events of an account by source and id. Reversals cannot be given back and are left out.
#[tracing::instrument(name = "db.events.reversible", skip_all)]
pub(crate) async fn reversible(
    connection: &mut SqliteConnection,
    account: AccountId,
    names: &[(String, String)],
) -> Result<BTreeMap<(String, String), Reversible>> {
    let mut found = BTreeMap::new();
    for (source, id) in names {
        let Some(event) = find_in(connection, account, source, id).await? else {
            continue;
        };
        let Some(paid) = paid(connection, account, event.seq, event.credits).await? else {
            continue;
        };
        let reversible = Reversible {
            event,
            parts: paid.parts,
            before: paid.before,
        };
        found.insert((source.clone(), id.clone()), reversible);
    }
    Ok(found)
}

/// How an event was paid.
pub(super) struct Paid {
    pub parts: Vec<Part>,
    pub balance_after: Option<Credits>,
    pub before: Credits,
}

pub(super) async fn paid(
    connection: &mut SqliteConnection,
    account: AccountId,
    seq: Seq,
    credits: Credits,
) -> Result<Option<Paid>> {
    let row: Option<(Option<i64>, Option<i64>, i64)> = sqlx::query_as(PAID)
        .bind(account.0)
        .bind(seq.0)
        .fetch_optional(&mut *connection)
        .await?;
    let Some((paid_by, balance_after, before)) = row else {
        return Ok(None);
    };
    let parts = match paid_by {
        None => Vec::new(),
        Some(SEVERAL) => {
            let rows: Vec<(i64, i64)> = sqlx::query_as(PARTS)
                .bind(account.0)
                .bind(seq.0)
                .fetch_all(connection)
                .await?;
            rows.into_iter()
                .map(|(number, credits)| part(number, Credits::from_micro(credits)))
                .collect()
        }
        Some(number) => vec![part(number, credits)],
    };
    Ok(Some(Paid {
        parts,
        balance_after: balance_after.map(Credits::from_micro),
        before: Credits::from_micro(before),
    }))
}

fn part(number: i64, credits: Credits) -> Part {
    Part {
        payer: payer(number),
        credits,
    }
}

/// Who paid, by number.
pub(super) fn payer(number: i64) -> Payer {
    if number == OVERAGE {
        Payer::Overage
    } else {
        Payer::Grant(GrantNo(number))
    }
}
