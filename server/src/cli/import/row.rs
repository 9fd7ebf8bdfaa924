//! Makes an event of a row.

use domain::{
    Agent, Credits, Json, Quantity, Time,
    calendar::Zone,
    event::{Envelope, USAGE_TYPE},
    json::Object,
};
use jiff::{civil::DateTime, tz::TimeZone};
use service::desk::OWN_SOURCES;

use super::{Import, map::Columns};
use crate::{api::csv::unescaped, cli::CliError};

/// Who reports the rows of files that do not say it: every file the same, so that a file may be renamed.
const SOURCE: &str = "import";
/// Stands before what is behind `creditscope:` in a source of our own: nobody else may report under those.
const IMPORTED: &str = "imported:";

/// Which version reads a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// This one.
    Now,
    /// One that made ids of lines: it knew no quote of our own exports, no metadata and no source, and of the columns of
    /// other event types it took whole numbers alone for numbers.
    Former,
}

/// What every row has in common.
pub struct Reader {
    columns: Columns,
    header: Vec<String>,
    zone: TimeZone,
    account: String,
    company: Option<String>,
    agent: Option<Agent>,
    activity: String,
    kind: String,
    unit: Option<String>,
    source: String,
    former_source: String,
}

impl Reader {
    /// Checks that everything a row needs comes from a column or a flag.
    pub fn new(
        import: &Import,
        columns: Columns,
        header: Vec<String>,
        zone: &Zone,
    ) -> Result<Self, CliError> {
        let is_usage = import.kind == USAGE_TYPE;
        let missing = [
            (
                columns.company.is_none() && import.company.is_none(),
                "company",
            ),
            (
                is_usage && columns.agent.is_none() && import.agent.is_none(),
                "agent",
            ),
            (
                is_usage && columns.credits.is_none() && columns.quantity.is_empty(),
                "credits (or quantity)",
            ),
        ];
        if let Some((_, what)) = missing.iter().find(|(is_missing, _)| *is_missing) {
            return Err(CliError::Usage(format!(
                "nothing says the {what}: name a column with --map, or use the flag"
            )));
        }
        let file_name = import
            .file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let source = |default: &str| import.source.clone().unwrap_or_else(|| default.to_owned());
        Ok(Self {
            columns,
            header,
            zone: TimeZone::get(zone.name()).unwrap_or(TimeZone::UTC),
            account: import.account.clone(),
            company: import.company.clone(),
            agent: import.agent,
            activity: import
                .activity
                .clone()
                .unwrap_or_else(|| "import".to_owned()),
            kind: import.kind.clone(),
            unit: import.unit.clone(),
            source: source(SOURCE),
            former_source: source(file_name.as_deref().unwrap_or(SOURCE)),
        })
    }

    /// Whether the file is an export of the log.
    pub const fn is_export(&self) -> bool {
        self.columns.is_export
    }

    /// The event of a row, or what is wrong with it. Without a column for it, it has no id.
    pub fn event(&self, cells: &[String], reading: Reading) -> Result<Envelope, String> {
        if cells.len() != self.header.len() {
            return Err(format!(
                "has {} columns, the header has {}",
                cells.len(),
                self.header.len()
            ));
        }
        let row = Row {
            reader: self,
            cells,
            reading,
        };
        let time = row.cell(self.columns.time).ok_or("has no time")?;
        let time = self.time(time).ok_or_else(|| {
            format!("'{time}' is no time such as 2026-11-23 14:03:10 or 2026-11-23T14:03:10Z")
        })?;
        let company = row
            .cell(self.columns.company)
            .map(str::to_owned)
            .or_else(|| self.company.clone());
        let data = if self.kind == USAGE_TYPE {
            row.usage()?
        } else {
            row.foreign()
        };
        Ok(Envelope {
            specversion: Some("1.0".to_owned()),
            id: row.text(self.columns.id).map(str::to_owned),
            source: Some(row.source()),
            kind: Some(self.kind.clone()),
            subject: Some(company.ok_or("has no company")?),
            time: Some(time.to_string()),
            data: Some(Json::Object(data)),
            account: Some(self.account.clone()),
            ..Envelope::default()
        })
    }

    /// The name that an exported event has, if it is one of our own; it is imported under another.
    pub fn own_source(&self, row: &[String]) -> Option<String> {
        let source = row.get(self.columns.source?)?;
        let source = unescaped(source);
        source.starts_with(OWN_SOURCES).then(|| source.to_owned())
    }

    /// How much of an exported event was given back.
    pub fn reversed(&self, row: &[String]) -> Credits {
        let cell = self.columns.reversed.and_then(|column| row.get(column));
        cell.and_then(|cell| cell.trim().parse().ok())
            .unwrap_or(Credits::ZERO)
    }

    fn time(&self, text: &str) -> Option<Time> {
        if let Ok(time) = text.parse::<Time>() {
            return Some(time);
        }
        let civil: DateTime = text.parse().ok()?;
        civil
            .to_zoned(self.zone.clone())
            .ok()
            .map(|zoned| zoned.timestamp().into())
    }
}

/// A row as one version reads it.
#[derive(Clone, Copy)]
struct Row<'a> {
    reader: &'a Reader,
    cells: &'a [String],
    reading: Reading,
}

impl<'a> Row<'a> {
    /// A cell without spaces around it; none when it is empty.
    fn cell(self, column: Option<usize>) -> Option<&'a str> {
        let cell = self.cells.get(column?)?.trim();
        let cell = match self.reading {
            Reading::Now => unescaped(cell),
            Reading::Former => cell,
        };
        Some(cell).filter(|cell| !cell.is_empty())
    }

    /// A text of the sender's own. Spaces around it stand in our own exports only when they belong to it.
    fn text(self, column: Option<usize>) -> Option<&'a str> {
        if self.reading == Reading::Former || !self.reader.is_export() {
            return self.cell(column);
        }
        let cell = unescaped(self.cells.get(column?)?);
        Some(cell).filter(|cell| !cell.is_empty())
    }

    fn source(self) -> String {
        let reader = self.reader;
        if self.reading == Reading::Former {
            return reader.former_source.clone();
        }
        match self.text(reader.columns.source) {
            None => reader.source.clone(),
            Some(source) => source
                .strip_prefix(OWN_SOURCES)
                .map_or_else(|| source.to_owned(), |name| format!("{IMPORTED}{name}")),
        }
    }

    fn usage(self) -> Result<Object, String> {
        let columns = &self.reader.columns;
        let agent = self
            .cell(columns.agent)
            .or(self.reader.agent.map(Agent::id))
            .ok_or("has no agent")?;
        let activity = self.cell(columns.activity);
        let mut data = Object::new();
        let mut say = |name: &str, value: Json| data.insert(name.to_owned(), value);
        say("agent", agent.into());
        say("activity", activity.unwrap_or(&self.reader.activity).into());
        if let Some(credits) = self.cell(columns.credits) {
            say("credits", credits.into());
        } else {
            say("quantity", self.quantity()?.to_string().as_str().into());
            if let Some(unit) = &self.reader.unit {
                say("unit", unit.as_str().into());
            }
        }
        if let Some(reference) = self.text(columns.reference) {
            say("reference", reference.into());
        }
        if let Some(metadata) = self.metadata()? {
            say("metadata", metadata);
        }
        Ok(data)
    }

    fn metadata(self) -> Result<Option<Json>, String> {
        let Some(text) = self.cell(self.reader.columns.metadata) else {
            return Ok(None);
        };
        if self.reading == Reading::Former {
            return Ok(None);
        }
        let (json, faults) =
            Json::parse(text).map_err(|error| format!("metadata: is no JSON object: {error}"))?;
        match faults.first() {
            None => Ok(Some(json)),
            Some(fault) => Err(format!("metadata.{}: {}", fault.field, fault.message)),
        }
    }

    fn quantity(self) -> Result<Quantity, String> {
        let columns = &self.reader.columns.quantity;
        if columns.is_empty() {
            return Err("has no credits".to_owned());
        }
        let mut sum = Quantity::default();
        for column in columns {
            let text = self.cell(Some(*column)).unwrap_or_default();
            let part: Quantity = text.parse().map_err(|error| format!("'{text}' {error}"))?;
            sum = sum.checked_add(part).ok_or("the quantity is too large")?;
        }
        Ok(sum)
    }

    /// All columns by name; what reads as a number becomes one, for the rate card's pointer.
    fn foreign(self) -> Object {
        let value = |column| {
            let text = self.cell(Some(column)).unwrap_or_default();
            let number = match self.reading {
                Reading::Now => decimal(text),
                Reading::Former => text
                    .parse::<i64>()
                    .ok()
                    .map(|number| Json::from(serde_json::Value::from(number))),
            };
            number.unwrap_or_else(|| text.into())
        };
        let names = self.reader.header.iter().enumerate();
        names
            .map(|(column, name)| (name.trim().to_owned(), value(column)))
            .collect()
    }
}

/// A plain decimal as a number with all its digits. What has zeros before it is a name.
fn decimal(text: &str) -> Option<Json> {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    match Json::parse(text) {
        Ok((json @ Json::Number(_), _)) if is_plain => Some(json),
        _ => None,
    }
}
