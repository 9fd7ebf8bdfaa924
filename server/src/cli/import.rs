//! `creditscope import`: backfills usage from any CSV, resumable and idempotent.
//!
//! A row's id, unless a column gives one, is made of what it says: importing a file again, or what is left of it, under
//! whatever name and in whatever order, finds every row already there. So does a version that made ids of lines.

mod export;
mod identity;
mod map;
mod records;
mod row;
mod store;
mod totals;

use std::{fs::File, io::Read, path::PathBuf, process::ExitCode};

use clap::Args;
use domain::{
    Agent,
    calendar::Zone,
    event::{AgeLimit, MAX_EVENTS, USAGE_TYPE},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{CliError, CliResult, open::Shell};
use export::Exported;
use identity::Identities;
use map::Columns;
use records::{Record, Records};
use row::{Reader, Reading};
use store::{Pending, Store};
use totals::Totals;

/// What to import, and as what.
#[derive(Debug, Args)]
pub struct Import {
    /// A CSV file with a header line
    file: PathBuf,
    /// Key of the account
    #[arg(long)]
    account: String,
    /// Key of the company, unless a column names it
    #[arg(long)]
    company: Option<String>,
    /// The agent, unless a column names it
    #[arg(long)]
    agent: Option<Agent>,
    /// The activity, unless a column names it [default: import]
    #[arg(long)]
    activity: Option<String>,
    /// Which columns hold what: time=COL,quantity=COL[+COL2],credits=COL,id=COL,source=COL,reference=COL,company=COL,agent=COL,activity=COL,metadata=COL
    /// [default: columns of these names; source and metadata only in an export of Creditscope]
    #[arg(long, value_delimiter = ',', value_name = "NAME=COLUMN")]
    map: Vec<String>,
    /// The event type; of another type than the default, all columns become the event's data
    #[arg(long = "type", default_value = USAGE_TYPE)]
    kind: String,
    /// Unit of the quantity
    #[arg(long)]
    unit: Option<String>,
    /// Who reports: files of different origin whose rows may be equal need a source each [default: import]
    #[arg(long)]
    source: Option<String>,
    /// Zone of times that say no offset
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// Say how many rows are new, known and in conflict, and store nothing
    #[arg(long)]
    dry_run: bool,
    /// Take events of any age; 35 days is the bound otherwise
    #[arg(long)]
    allow_old: bool,
}

/// Imports a file. The exit code is 1 when rows were refused.
pub async fn run(import: Import, shell: &Shell<'_>) -> CliResult {
    let file = File::open(&import.file)
        .map_err(|error| CliError::Io(import.file.display().to_string(), error))?;
    let bar = progress(&file, shell);
    let zone = Zone::named(&import.time_zone)
        .map_err(|error| CliError::Usage(format!("--time-zone: {error}")))?;
    let mut totals = Totals::new(import.dry_run);
    let mut records = Records::new(bar.wrap_read(file));
    let header = records.next().map_err(unreadable)?;
    let header = header.map_or(Ok(Vec::new()), |header| header.cells);
    let header = header
        .map_err(|error| CliError::Usage(format!("the header line cannot be read: {error}")))?;
    let columns = Columns::find(&import.map, &header).map_err(CliError::Usage)?;
    let reader = Reader::new(&import, columns, header, &zone)?;
    let store = Store {
        shell,
        account: &import.account,
        age: if import.allow_old {
            AgeLimit::Lifted
        } else {
            AgeLimit::Enforced
        },
        is_dry_run: import.dry_run,
    };
    take_rows(&mut records, &reader, &store, &mut totals).await?;
    bar.finish_and_clear();
    shell.output.answer(&totals.text(), &totals);
    Ok(if totals.has_refused() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error as it comes")]
fn unreadable(error: std::io::Error) -> CliError {
    CliError::Usage(format!("the file cannot be read: {error}"))
}

fn progress(file: &File, shell: &Shell<'_>) -> ProgressBar {
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let target = if shell.output.is_json() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let style = ProgressStyle::with_template(
        "{bar:40} {percent:>3}%  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} remaining",
    );
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

async fn take_rows<R: Read>(
    records: &mut Records<R>,
    reader: &Reader,
    store: &Store<'_>,
    totals: &mut Totals,
) -> Result<(), CliError> {
    let mut identities = Identities::default();
    let mut pending = Vec::with_capacity(MAX_EVENTS);
    while let Some(record) = records.next().map_err(unreadable)? {
        let line = record.line;
        match row(reader, record, &mut identities) {
            Ok(row) => pending.push(row),
            Err(why) => totals.refuse(line, &why),
        }
        if pending.len() == MAX_EVENTS {
            store.take(std::mem::take(&mut pending), totals).await?;
        }
    }
    store.take(pending, totals).await
}

/// A row as an event, or what is wrong with it.
fn row(reader: &Reader, record: Record, identities: &mut Identities) -> Result<Pending, String> {
    let cells = record.cells?;
    let mut event = reader.event(&cells, Reading::Now)?;
    let former = reader.event(&cells, Reading::Former).ok();
    let former = former.and_then(|event| identities.former(&event));
    let (parsed, in_file) = identities.name(&mut event)?;
    let exported = reader.is_export().then(|| Exported {
        own_source: reader.own_source(&cells),
        reversed: reader.reversed(&cells),
        event: parsed,
    });
    Ok(Pending {
        line: record.line,
        event,
        former,
        in_file,
        exported,
    })
}
