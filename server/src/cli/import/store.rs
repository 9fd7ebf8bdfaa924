//! Stores rows, and tells what became of each.

use std::time::Duration;

use domain::{
    Credits, FieldError, Invalid,
    event::{AgeLimit, Envelope},
};
use service::{
    ServiceError,
    ingest::{Former, IngestBatch, Verdict},
};

use super::{
    export::{Exported, Stored},
    identity::InFile,
    totals::Totals,
};
use crate::cli::{CliError, open::Shell};

/// A row that became an event, and where it stands.
pub struct Pending {
    /// The line on which it begins.
    pub line: u64,
    /// What it says.
    pub event: Envelope,
    /// How an earlier version would have stored it.
    pub former: Option<Former>,
    /// What it is among the rows before it.
    pub in_file: InFile,
    /// What an export tells besides.
    pub exported: Option<Exported>,
}

/// Where rows go.
pub struct Store<'a> {
    /// The services, and who asks.
    pub shell: &'a Shell<'a>,
    /// Key of the account.
    pub account: &'a str,
    /// Whether old events may be stored.
    pub age: AgeLimit,
    /// Whether nothing is stored.
    pub is_dry_run: bool,
}

impl Store<'_> {
    /// Stores the rows of a batch that are new, without those that are wrong.
    pub async fn take(&self, rows: Vec<Pending>, totals: &mut Totals) -> Result<(), CliError> {
        if rows.is_empty() {
            return Ok(());
        }
        let former: Vec<_> = rows.iter().map(|row| row.former.clone()).collect();
        let services = &self.shell.services;
        let batch = self.batch(rows.iter().map(|row| &row.event));
        let verdicts = services.judge(&self.shell.caller, batch, &former).await?;
        let (mut new, mut exported) = (Vec::new(), Vec::new());
        for (row, verdict) in rows.into_iter().zip(verdicts) {
            match self.in_view_of_file(&row, verdict).await? {
                Verdict::Known(cost) => totals.known(cost),
                Verdict::Conflict => totals.conflict(row.line),
                Verdict::Refused(errors) => {
                    totals.refuse(row.line, &Invalid(errors).to_string());
                    continue;
                }
                Verdict::New(cost) => new.push(New {
                    line: row.line,
                    event: row.event,
                    cost,
                }),
            }
            exported.extend(row.exported.map(|exported| (row.line, exported)));
        }
        self.store(new, totals).await?;
        if !self.is_dry_run {
            for (line, exported) in exported {
                exported.give_back(self, line, totals).await?;
            }
        }
        Ok(())
    }

    /// A verdict on a row by itself, changed by what else its file says.
    async fn in_view_of_file(&self, row: &Pending, verdict: Verdict) -> Result<Verdict, CliError> {
        if let (Some(exported), Verdict::New(_) | Verdict::Conflict) = (&row.exported, &verdict) {
            match exported.stored(self).await? {
                Stored::Same(cost) => return Ok(Verdict::Known(cost)),
                Stored::Other => return Ok(Verdict::Conflict),
                Stored::Nothing => {}
            }
        }
        Ok(match (verdict, row.in_file) {
            (Verdict::New(cost), InFile::Again) => Verdict::Known(cost),
            (Verdict::New(_), InFile::Contradicts) => Verdict::Conflict,
            (verdict, _) => verdict,
        })
    }

    fn batch<'b>(&self, events: impl Iterator<Item = &'b Envelope>) -> IngestBatch {
        IngestBatch {
            events: events.cloned().collect(),
            account: Some(self.account.to_owned()),
            age: self.age,
        }
    }

    /// Stores rows that are new. Those that turn out to be wrong meanwhile are left out.
    async fn store(&self, mut new: Vec<New>, totals: &mut Totals) -> Result<(), CliError> {
        while !new.is_empty() && !self.is_dry_run {
            let batch = self.batch(new.iter().map(|row| &row.event));
            let services = &self.shell.services;
            match services.ingest(&self.shell.caller, batch).await {
                Ok(committed) => {
                    totals.stored(committed);
                    break;
                }
                Err(ServiceError::Invalid(refused)) => leave_out(&mut new, refused, totals)?,
                Err(ServiceError::Busy { retry_after_s }) => {
                    tokio::time::sleep(Duration::from_secs(retry_after_s.into())).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        for row in new {
            totals.new_row(row.cost);
        }
        Ok(())
    }
}

/// A row that is new.
struct New {
    line: u64,
    event: Envelope,
    cost: Credits,
}

/// Takes the rows that are named out of those to store.
fn leave_out(new: &mut Vec<New>, refused: Invalid, totals: &mut Totals) -> Result<(), CliError> {
    let at = |error: &FieldError| error.index.and_then(|index| usize::try_from(index).ok());
    let mut places: Vec<_> = refused.0.iter().filter_map(at).collect();
    places.sort_unstable();
    places.dedup();
    if places.is_empty() {
        return Err(ServiceError::Invalid(refused).into());
    }
    for error in &refused.0 {
        let row = at(error).and_then(|index| new.get(index));
        let line = row.map_or(0, |row| row.line);
        totals.refuse(line, &format!("{}: {}", error.field, error.message));
    }
    for place in places.into_iter().rev() {
        new.remove(place);
    }
    Ok(())
}
