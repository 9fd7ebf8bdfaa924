//! Proves that events, roll-ups, cycle totals and the ledger agree.

mod buckets;
mod cycles;
mod days;
mod leads;
mod ledger;
mod plans;
mod platform;

use std::path::Path;

use domain::{
    AccountId, Time,
    calendar::{Cycles, Zone},
};
use service::ports::DoctorReport;
use sqlx::{Connection, Sqlite, Transaction};

use crate::{
    connect,
    error::{Error, Result},
    integrity, wide,
};

/// Differences told before it stops looking: enough to see a pattern, few enough to read.
const MOST_DIFFERENCES: u32 = 100;

/// An account, and the places where its time is divided.
struct Patient {
    id: AccountId,
    key: String,
    cycles: Cycles,
}

/// An examination of one moment of the database.
struct Examination<'a> {
    transaction: Transaction<'a, Sqlite>,
    /// Key of the account that is looked at.
    account: Option<String>,
    report: DoctorReport,
}

impl Examination<'_> {
    fn is_full(&self) -> bool {
        self.report.differences.len() >= MOST_DIFFERENCES as usize
    }

    fn differ(&mut self, sentence: String) {
        if self.is_full() {
            return;
        }
        self.report.differences.push(sentence);
        match &self.account {
            Some(account) => {
                self.report.differing.insert(account.clone());
            }
            None => self.report.concerns_all = true,
        }
        // Nothing after this is looked at or told.
        self.report.concerns_all |= self.is_full();
    }

    fn count_rollups(&mut self, rows: i64) {
        self.report.rollups += u64::try_from(rows).unwrap_or(0);
    }
}

/// Examines every account on a connection of its own, so that readers stay free.
#[tracing::instrument(name = "db.doctor.examine", skip_all)]
pub(crate) async fn examine(path: &Path) -> Result<DoctorReport> {
    match compare_all(path).await {
        Err(error) if integrity::is_damage(&error) => Ok(DoctorReport {
            differences: vec![format!("The database's file is damaged: {error}.")],
            concerns_all: true,
            ..DoctorReport::default()
        }),
        examined => examined,
    }
}

async fn compare_all(path: &Path) -> Result<DoctorReport> {
    let mut connection = connect::single(path).await?;
    let report = examine_all(connection.begin().await?).await?;
    connection.close().await?;
    Ok(report)
}

async fn examine_all(transaction: Transaction<'_, Sqlite>) -> Result<DoctorReport> {
    let mut examination = Examination {
        transaction,
        account: None,
        report: DoctorReport::default(),
    };
    let (events, strays) = count_events(&mut examination.transaction).await?;
    examination.report.events = u64::try_from(events).unwrap_or(0);
    if strays > 0 {
        examination.differ(format!(
            "{strays} events belong to accounts or companies that do not exist."
        ));
    }
    for patient in patients(&mut examination.transaction).await? {
        if examination.is_full() {
            break;
        }
        examination.account = Some(patient.key.clone());
        buckets::examine(&mut examination, &patient).await?;
        days::examine(&mut examination, &patient).await?;
        cycles::examine(&mut examination, &patient).await?;
        ledger::examine(&mut examination, &patient).await?;
        leads::examine(&mut examination, &patient).await?;
    }
    if !examination.is_full() {
        examination.account = None;
        plans::examine(&mut examination).await?;
        platform::examine(&mut examination).await?;
    }
    let Examination {
        transaction,
        report,
        ..
    } = examination;
    transaction.rollback().await?;
    Ok(report)
}

async fn count_events(transaction: &mut Transaction<'_, Sqlite>) -> Result<(i64, i64)> {
    const SQL: &str = "
        SELECT coalesce(sum(events), 0), coalesce(sum(events) FILTER (WHERE company.company_id IS NULL), 0)
        FROM (SELECT account_id, company_id, count(*) AS events FROM events INDEXED BY events_log GROUP BY 1, 2) AS e
        LEFT JOIN companies AS company ON company.company_id = e.company_id AND company.account_id = e.account_id";
    Ok(sqlx::query_as(SQL).fetch_one(&mut **transaction).await?)
}

async fn patients(transaction: &mut Transaction<'_, Sqlite>) -> Result<Vec<Patient>> {
    const SQL: &str =
        "SELECT account_id, key, time_zone, cycle_anchor FROM accounts ORDER BY account_id";
    let rows: Vec<(i64, String, String, i64)> =
        sqlx::query_as(SQL).fetch_all(&mut **transaction).await?;
    rows.into_iter()
        .map(|(id, key, zone, anchor)| {
            let zone = Zone::named(&zone).map_err(|error| Error::Corrupt(error.to_string()))?;
            Ok(Patient {
                id: AccountId(id),
                key,
                cycles: Cycles::new(Time::from_micros(anchor), zone),
            })
        })
        .collect()
}

/// What a table says and what was added up, when they differ.
#[derive(sqlx::FromRow)]
struct Difference {
    start: i64,
    company_id: i64,
    agent: i64,
    activity: i64,
    found_high: i64,
    found_low: i64,
    found_events: i64,
    right_high: i64,
    right_low: i64,
    right_events: i64,
}

impl Difference {
    fn sentence(&self, table: &str, source: &str, patient: &Patient) -> String {
        let company = if self.company_id == 0 {
            "all companies".to_owned()
        } else {
            format!("company {}", self.company_id)
        };
        format!(
            "{table} of account {}, {company}, {}, agent {}, activity {}: has {} micro-credits in {} events, {source} make {} in {}.",
            patient.key,
            Time::from_micros(self.start),
            self.agent,
            self.activity,
            wide::joined(self.found_high, self.found_low),
            self.found_events,
            wide::joined(self.right_high, self.right_low),
            self.right_events,
        )
    }
}

/// Compares a table of totals (2nd) with what another one (1st) adds up to: both feed one sort, and only groups whose
/// sums differ come out. SQLite's sort spills to disk, so memory stays small however many rows there are. Amounts are added
/// up in two halves: whatever a table says, its sum is told and never more than SQLite can add up.
macro_rules! compare {
    ($right:expr, $found:expr) => {
        concat!(
            "SELECT start, company_id, agent, activity,
                sum(found_credits >> 32) AS found_high, sum(found_credits & 4294967295) AS found_low,
                sum(found_events) AS found_events,
                sum(right_credits >> 32) AS right_high, sum(right_credits & 4294967295) AS right_low,
                sum(right_events) AS right_events
            FROM (", $right, " UNION ALL ", $found, ") GROUP BY 1, 2, 3, 4
            HAVING sum(found_credits >> 32) - sum(right_credits >> 32)
                    + ((sum(found_credits & 4294967295) - sum(right_credits & 4294967295)) >> 32) <> 0
                OR (sum(found_credits & 4294967295) - sum(right_credits & 4294967295)) & 4294967295 <> 0
                OR sum(found_events) <> sum(right_events) LIMIT ?2"
        )
    };
}
use compare;
