//! The whole filtered log, read page by page while the client takes it.

use std::borrow::Cow;

use axum::{body::Body, http::HeaderName, response::Response};
use bytes::Bytes;
use domain::{calendar::Zone, cursor::Cursor, filter::ViewQuery};
use futures::stream;
use service::{Caller, Scope, ServiceError, Services, ports::StoredEvent};

use super::EventItem;
use crate::{
    api::{csv, file, format::Format, list::MAX_LIMIT, times},
    turns::Turns,
};

/// Names of the columns of the log as CSV.
pub const EXPORT_COLUMNS: [&str; 11] = [
    "time",
    "agent",
    "activity",
    "credits",
    "company",
    "company_name",
    "reference",
    "source",
    "id",
    "metadata",
    "reversed_credits",
];

/// Where an export is.
enum Place {
    /// Before the first row.
    Start,
    /// After this row; none before the newest.
    After(Option<Cursor>),
    /// After the last row.
    End,
}

/// Who reads.
pub struct Reader {
    /// All use-cases.
    pub services: Services,
    /// Where turns are taken.
    pub turns: Turns,
    /// Whose turns.
    pub caller: Caller,
    /// Whose events.
    pub scope: Scope,
}

struct Export {
    reader: Reader,
    view: ViewQuery,
    zone: Zone,
    format: Format,
    place: Place,
}

/// How many rows there are when an export begins.
const ROWS: HeaderName = HeaderName::from_static("creditscope-rows");

/// Streams all events of a view that has been counted.
pub fn stream(reader: Reader, view: ViewQuery, zone: Zone, format: Format, rows: u64) -> Response {
    let name = format!("{}-events.{}", reader.scope.account().key, format.id());
    let export = Export {
        reader,
        view,
        zone,
        format,
        place: Place::Start,
    };
    let chunks = stream::try_unfold(export, |mut export| async move {
        Ok::<_, ServiceError>(export.next().await?.map(|chunk| (chunk, export)))
    });
    let mut answer = file::answer(&name, format.content_type(), Body::from_stream(chunks));
    answer.headers_mut().insert(ROWS, rows.into());
    answer
}

impl Reader {
    /// A page of the log, in a turn of its own: a client that is slow keeps nobody from reading meanwhile.
    async fn page(
        &self,
        view: &ViewQuery,
        after: Option<Cursor>,
    ) -> Result<Vec<StoredEvent>, ServiceError> {
        let _turn = self.turns.take_next(&self.caller).await?;
        self.services
            .events(self.scope.clone(), view, after, MAX_LIMIT)
            .await
    }
}

impl Export {
    async fn next(&mut self) -> Result<Option<Bytes>, ServiceError> {
        let after = match self.place {
            Place::Start if self.format == Format::Csv => {
                self.place = Place::After(None);
                return Ok(Some(csv::rows([EXPORT_COLUMNS.map(Cow::from).to_vec()])));
            }
            Place::Start => None,
            Place::After(after) => after,
            Place::End => return Ok(None),
        };
        let events = self
            .reader
            .page(&self.view, after)
            .await
            .inspect_err(|error| {
                tracing::error!(%error, "an export broke off");
            })?;
        self.place = match events.last() {
            Some(last) if events.len() == MAX_LIMIT as usize => Place::After(Some(Cursor {
                time: last.time,
                seq: last.seq,
            })),
            _ => Place::End,
        };
        if self.format == Format::Ndjson {
            return Ok(Some(self.lines(events)));
        }
        Ok(Some(csv::rows(events.iter().map(|event| self.row(event)))))
    }

    /// An event a line, as the list has them.
    fn lines(&self, events: Vec<StoredEvent>) -> Bytes {
        let mut lines = Vec::new();
        for event in events {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut lines, &EventItem::new(event, &self.zone));
            lines.push(b'\n');
        }
        lines.into()
    }

    fn row<'a>(&self, event: &'a StoredEvent) -> Vec<Cow<'a, str>> {
        vec![
            times::rfc3339(event.time, &self.zone).into(),
            event.agent.id().into(),
            event.activity.as_str().into(),
            event.credits.to_string().into(),
            event.company_key.as_str().into(),
            event.company_name.as_str().into(),
            event.reference.as_deref().unwrap_or_default().into(),
            event.source.as_str().into(),
            event.id.as_str().into(),
            event.metadata.as_deref().unwrap_or_default().into(),
            event.reversed.to_string().into(),
        ]
    }
}
