//! The event that a page's address leads to.

use domain::activity::LogRow;
use {
    crate::{
        components::receipt_html,
        error::AppError,
        forms::Draft,
        state::{EventRef, ROWS_ABOVE, permalink},
    },
    domain::{
        Seq,
        activity::{LogAsk, LogPage, PAGE_ROWS},
        cursor::Cursor,
        filter::ViewQuery,
    },
    service::{Scope, ServiceError, Services, activity::LogRead},
};

/// Rows read above those that stay in view: as many as are kept out of sight, so that none is missing.
const ROWS_OUT_OF_SIGHT: u64 = 8;

/// What became of the event that an address leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventAsked {
    /// The address leads to none.
    None,
    /// It is among the rows, with its receipt open.
    Open(Box<OpenEvent>),
    /// It exists outside of the view; this address shows it.
    Elsewhere(String),
    /// There is none, or none that the reader may see.
    Missing,
}

/// An event whose receipt is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenEvent {
    /// Its row.
    pub row: LogRow,
    /// Its receipt as the server writes it into the page.
    pub receipt: String,
}

impl EventAsked {
    /// The event whose receipt is open.
    pub fn opened(&self) -> Option<&OpenEvent> {
        match self {
            Self::Open(event) => Some(event),
            Self::None | Self::Elsewhere(_) | Self::Missing => None,
        }
    }
}

impl EventAsked {
    /// Finds the event that an address names.
    pub(super) async fn find(
        services: &Services,
        scope: &Scope,
        view: &ViewQuery,
        asked: Option<&str>,
        draft: Option<&Draft>,
    ) -> Result<Self, AppError> {
        let Some(asked) = asked else {
            return Ok(Self::None);
        };
        let Some(EventRef { source, id }) = EventRef::read(asked) else {
            return Ok(Self::Missing);
        };
        let tz = view.tz.as_deref();
        match services.receipt(scope, tz, &source, &id).await {
            // What gives credits back is an event too, and no row.
            Ok(receipt) if receipt.row.credits.is_negative() => Ok(Self::Missing),
            Ok(receipt) => Ok(Self::Open(Box::new(OpenEvent {
                receipt: receipt_html(&receipt, &scope.account().key, view, draft),
                row: receipt.row,
            }))),
            Err(ServiceError::NotFound) => Ok(Self::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// The place right above the event's row.
    pub(super) fn just_above(&self) -> Option<Cursor> {
        let Cursor { time, seq } = self.opened()?.row.cursor();
        Some(Cursor {
            time,
            seq: Seq(seq.0 + 1),
        })
    }

    /// The rows around the event, given those from [`Self::just_above`] on; the newest when it is not among them.
    pub(super) async fn place(
        self,
        services: &Services,
        scope: Scope,
        view: &ViewQuery,
        log: LogPage,
    ) -> Result<(Self, LogPage), AppError> {
        let Self::Open(opened) = self else {
            return Ok((self, log));
        };
        let is_there = log
            .rows
            .first()
            .is_some_and(|row| row.seq == opened.row.seq);
        let (event, ask) = if is_there {
            let above = log.position.saturating_sub(ROWS_ABOVE + ROWS_OUT_OF_SIGHT);
            let last_page = log.total.saturating_sub(PAGE_ROWS.into());
            let ask = LogAsk::AtPosition(above.min(last_page));
            (Self::Open(opened), ask)
        } else {
            let view = ViewQuery {
                account: Some(scope.account().key.clone()),
                tz: view.tz.clone(),
                ..ViewQuery::default()
            };
            let elsewhere = Self::Elsewhere(permalink(&opened.row, &view));
            (elsewhere, LogAsk::Newest)
        };
        let limit = PAGE_ROWS;
        let log = services.log(scope, view, LogRead { ask, limit }).await?;
        Ok((event, log))
    }
}
