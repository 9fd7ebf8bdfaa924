//! `creditscope import`: backfills usage from any CSV, resumable and idempotent.
//!
//! A row's id, unless a column gives one, is made of its line and its content: importing a file again, or what is left
//! of it after a break, finds every row already there.

mod map;
mod row;
mod totals;

use std::{fs::File, io::Read, path::PathBuf, process::ExitCode};

use clap::Args;
use domain::{
    Agent, Invalid,
    calendar::Zone,
    event::{AgeLimit, Envelope, MAX_EVENTS, USAGE_TYPE},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use service::{ServiceError, ingest::IngestBatch};

use super::{CliError, CliResult, open::Shell};
use map::Columns;
use row::Reader;
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
    /// Which columns hold what: time=COL,quantity=COL[+COL2],credits=COL,id=COL,reference=COL,company=COL,agent=COL,activity=COL
    /// [default: columns of these names]
    #[arg(long, value_delimiter = ',', value_name = "NAME=COLUMN")]
    map: Vec<String>,
    /// The event type; of another type than the default, all columns become the event's data
    #[arg(long = "type", default_value = USAGE_TYPE)]
    kind: String,
    /// Unit of the quantity
    #[arg(long)]
    unit: Option<String>,
    /// Who reports [default: the file's name]
    #[arg(long)]
    source: Option<String>,
    /// Zone of times that say no offset
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// Check and price everything, store nothing
    #[arg(long)]
    dry_run: bool,
    /// Take events of any age; 35 days is the bound otherwise
    #[arg(long)]
    allow_old: bool,
}

/// A row that became an event, and where it stands.
struct Pending {
    line: u64,
    event: Envelope,
}

/// Imports a file. The exit code is 1 when rows were refused.
pub async fn run(import: Import, shell: &Shell<'_>) -> CliResult {
    let file = File::open(&import.file)
        .map_err(|error| CliError::Io(import.file.display().to_string(), error))?;
    let bar = progress(&file, shell);
    let zone = Zone::named(&import.time_zone)
        .map_err(|error| CliError::Usage(format!("--time-zone: {error}")))?;
    let mut totals = Totals::new(import.dry_run);
    let mut csv = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(bar.wrap_read(file));
    let header = csv
        .headers()
        .map_err(|error| CliError::Usage(format!("the header line cannot be read: {error}")))?;
    let columns = Columns::find(&import.map, header).map_err(CliError::Usage)?;
    let reader = Reader::new(&import, columns, header.clone(), &zone)?;
    let mut pending = Vec::with_capacity(MAX_EVENTS);
    take_rows(&mut csv, &reader, &import, shell, &mut pending, &mut totals).await?;
    flush(&import, shell, &mut pending, &mut totals).await?;
    bar.finish_and_clear();
    shell.output.answer(&totals.text(), &totals);
    Ok(if totals.has_refused() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn progress(file: &File, shell: &Shell<'_>) -> ProgressBar {
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let target = if shell.output.is_json() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let style = ProgressStyle::with_template(
        "{bar:40} {percent:>3} %  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
    );
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

async fn take_rows<R: Read>(
    csv: &mut csv::Reader<R>,
    reader: &Reader,
    import: &Import,
    shell: &Shell<'_>,
    pending: &mut Vec<Pending>,
    totals: &mut Totals,
) -> Result<(), CliError> {
    let mut record = csv::StringRecord::new();
    loop {
        match csv.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) if error.is_io_error() => {
                return Err(CliError::Usage(format!("the file cannot be read: {error}")));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                totals.refuse(line, &format!("cannot be read: {error}"));
                continue;
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        match reader.event(line, &record) {
            Ok(event) => pending.push(Pending { line, event }),
            Err(why) => totals.refuse(line, &why),
        }
        if pending.len() == MAX_EVENTS {
            flush(import, shell, pending, totals).await?;
        }
    }
}

/// Stores a batch without the rows that are wrong.
async fn flush(
    import: &Import,
    shell: &Shell<'_>,
    pending: &mut Vec<Pending>,
    totals: &mut Totals,
) -> Result<(), CliError> {
    if pending.is_empty() {
        return Ok(());
    }
    let age = if import.allow_old {
        AgeLimit::Lifted
    } else {
        AgeLimit::Enforced
    };
    let batch = |rows: &[Pending]| IngestBatch {
        events: rows.iter().map(|row| row.event.clone()).collect(),
        account: Some(import.account.clone()),
        age,
    };
    let quotes = shell.services.quote(&shell.caller, batch(pending)).await?;
    let mut good = Vec::with_capacity(pending.len());
    let mut prices = Vec::with_capacity(pending.len());
    for (row, quote) in pending.drain(..).zip(quotes) {
        match quote {
            Ok(credits) => {
                good.push(row);
                prices.push(credits);
            }
            Err(errors) => totals.refuse(row.line, &Invalid(errors).to_string()),
        }
    }
    while !good.is_empty() && !import.dry_run {
        match shell.services.ingest(&shell.caller, batch(&good)).await {
            Ok(committed) => {
                totals.stored(committed);
                break;
            }
            Err(ServiceError::Invalid(Invalid(errors))) => {
                let mut at: Vec<_> = errors
                    .iter()
                    .filter_map(|error| usize::try_from(error.index?).ok())
                    .collect();
                at.sort_unstable();
                at.dedup();
                if at.is_empty() {
                    return Err(ServiceError::Invalid(Invalid(errors)).into());
                }
                for error in errors {
                    let row = error
                        .index
                        .and_then(|index| good.get(usize::try_from(index).ok()?));
                    totals.refuse(
                        row.map_or(0, |row| row.line),
                        &format!("{}: {}", error.field, error.message),
                    );
                }
                for index in at.into_iter().rev() {
                    good.remove(index);
                    prices.remove(index);
                }
            }
            Err(ServiceError::Busy { retry_after_s }) => {
                tokio::time::sleep(std::time::Duration::from_secs(retry_after_s.into())).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    totals.priced(&prices);
    Ok(())
}
