//! Makes an event of a row.

use csv::StringRecord;
use domain::{
    Agent, Quantity, Time,
    calendar::Zone,
    event::{Envelope, USAGE_TYPE},
};
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Import, map::Columns};
use crate::{cli::CliError, hex::hex};

/// What every row has in common.
pub struct Reader {
    columns: Columns,
    header: StringRecord,
    zone: TimeZone,
    account: String,
    company: Option<String>,
    agent: Option<Agent>,
    activity: String,
    kind: String,
    unit: Option<String>,
    source: String,
}

impl Reader {
    /// Checks that everything a row needs comes from a column or a flag.
    pub fn new(
        import: &Import,
        columns: Columns,
        header: StringRecord,
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
            source: import
                .source
                .clone()
                .or(file_name)
                .unwrap_or_else(|| "import".to_owned()),
        })
    }

    /// The event of a row, or what is wrong with it.
    pub fn event(&self, line: u64, row: &StringRecord) -> Result<Envelope, String> {
        if row.len() != self.header.len() {
            return Err(format!(
                "has {} columns, the header has {}",
                row.len(),
                self.header.len()
            ));
        }
        let cell = |column: Option<usize>| {
            column
                .and_then(|column| row.get(column))
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        let time = cell(self.columns.time).ok_or("has no time")?;
        let time = self.time(time).ok_or_else(|| {
            format!("'{time}' is no time such as 2026-11-23 14:03:10 or 2026-11-23T14:03:10Z")
        })?;
        let company = cell(self.columns.company)
            .map(str::to_owned)
            .or_else(|| self.company.clone());
        let data = if self.kind == USAGE_TYPE {
            self.usage(row, &cell)?
        } else {
            self.foreign(row)
        };
        Ok(Envelope {
            specversion: Some("1.0".to_owned()),
            id: Some(cell(self.columns.id).map_or_else(|| stable_id(line, row), str::to_owned)),
            source: Some(self.source.clone()),
            kind: Some(self.kind.clone()),
            subject: Some(company.ok_or("has no company")?),
            time: Some(time.to_string()),
            data: Some(Value::Object(data)),
            account: Some(self.account.clone()),
            ..Envelope::default()
        })
    }

    fn usage<'a>(
        &self,
        row: &StringRecord,
        cell: &impl Fn(Option<usize>) -> Option<&'a str>,
    ) -> Result<Map<String, Value>, String> {
        let mut data = Map::new();
        let agent = cell(self.columns.agent)
            .or(self.agent.map(Agent::id))
            .ok_or("has no agent")?;
        data.insert("agent".to_owned(), json!(agent));
        data.insert(
            "activity".to_owned(),
            json!(cell(self.columns.activity).unwrap_or(&self.activity)),
        );
        if let Some(credits) = cell(self.columns.credits) {
            data.insert("credits".to_owned(), json!(credits));
        } else {
            data.insert("quantity".to_owned(), json!(self.quantity(row)?));
            if let Some(unit) = &self.unit {
                data.insert("unit".to_owned(), json!(unit));
            }
        }
        if let Some(reference) = cell(self.columns.reference) {
            data.insert("reference".to_owned(), json!(reference));
        }
        Ok(data)
    }

    fn quantity(&self, row: &StringRecord) -> Result<Quantity, String> {
        if self.columns.quantity.is_empty() {
            return Err("has no credits".to_owned());
        }
        let mut sum = Quantity::default();
        for column in &self.columns.quantity {
            let text = row.get(*column).unwrap_or_default().trim();
            let part: Quantity = text.parse().map_err(|error| format!("'{text}' {error}"))?;
            sum = sum.checked_add(part).ok_or("the quantity is too large")?;
        }
        Ok(sum)
    }

    /// All columns by name; what reads as a number becomes one, for the rate card's pointer.
    fn foreign(&self, row: &StringRecord) -> Map<String, Value> {
        let value = |text: &str| {
            text.parse::<i64>()
                .map_or_else(|_| json!(text), |number| json!(number))
        };
        self.header
            .iter()
            .zip(row)
            .map(|(name, text)| (name.trim().to_owned(), value(text.trim())))
            .collect()
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

/// The same for the same row at the same line, and different for any other.
fn stable_id(line: u64, row: &StringRecord) -> String {
    let mut digest = Sha256::new();
    for cell in row {
        digest.update((cell.len() as u64).to_be_bytes());
        digest.update(cell);
    }
    format!("{line:010}-{}", hex(&digest.finalize()[..8]))
}
