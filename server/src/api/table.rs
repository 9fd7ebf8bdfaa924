//! Figures as rows, for spreadsheets and programs.

use std::borrow::Cow;

use axum::response::Response;
use bytes::Bytes;
use serde::{Serialize, Serializer};

use super::{csv, file, format::Format};

/// One figure or name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell<'a> {
    /// A name, a time or an amount.
    Text(Cow<'a, str>),
    /// How many.
    Count(u64),
    /// Nothing that could be said: an empty cell.
    None,
}

/// Rows that have the same columns.
#[derive(Debug)]
pub struct Table<'a> {
    /// Names of the columns.
    pub head: &'static [&'static str],
    /// A cell for each column.
    pub rows: Vec<Vec<Cell<'a>>>,
}

impl<'a> Cell<'a> {
    /// A name, a time or an amount.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    fn written(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Count(count) => count.to_string().into(),
            Self::None => Cow::default(),
        }
    }
}

impl Table<'_> {
    /// The rows as a file of this name: CSV, or a JSON document a line.
    pub fn answer(self, name: &str, format: Format) -> Response {
        let name = format!("{name}.{}", format.id());
        let rows = match format {
            Format::Csv => self.csv(),
            Format::Json | Format::Ndjson => self.lines(),
        };
        file::answer(&name, format.content_type(), rows)
    }

    fn csv(self) -> Bytes {
        let head = self.head.iter().map(|name| Cow::from(*name)).collect();
        let rows = self.rows.into_iter();
        let rows = rows.map(|row| row.into_iter().map(Cell::written).collect());
        csv::rows(std::iter::once(head).chain(rows))
    }

    fn lines(&self) -> Bytes {
        let mut lines = Vec::new();
        for row in &self.rows {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut lines, &Line(self.head, row));
            lines.push(b'\n');
        }
        lines.into()
    }
}

/// A row with the names of its columns.
struct Line<'a>(&'a [&'a str], &'a [Cell<'a>]);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(std::iter::zip(self.0, self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<'static> {
        let row = |name| vec![Cell::text(name), Cell::Count(3), Cell::None];
        Table {
            head: &["name", "events", "key"],
            rows: vec![row("=chat"), row("voice")],
        }
    }

    #[test]
    fn a_spreadsheet_gets_a_head_and_no_formula() {
        assert_eq!(
            table().csv(),
            "name,events,key\r\n'=chat,3,\r\nvoice,3,\r\n"
        );
    }

    #[test]
    fn a_program_gets_a_document_a_line_with_names_in_order() {
        assert_eq!(
            table().lines(),
            "{\"name\":\"=chat\",\"events\":3,\"key\":null}\n{\"name\":\"voice\",\"events\":3,\"key\":null}\n"
        );
    }
}
