//! Charts as files.

use super::settings::{self, Ask};
use crate::{USAGE_PATH, error::AppError, functions::read_sheet};

/// The chart of the page of a path, as an SVG file; none when it has none.
pub async fn chart(path: &str, ask: &Ask<'_>) -> Option<Result<String, AppError>> {
    if path == USAGE_PATH {
        return Some(read_sheet(ask.services, ask.current, ask.query).await);
    }
    settings::chart(path, ask).await
}
