//! Charts as files.

use super::settings::{Ask, FramedPage as _, PlatformPage, TrendsPage, ValuePage};
use crate::{
    PLATFORM_PATH, TRENDS_PATH, USAGE_PATH, VALUE_PATH, error::AppError, functions::read_sheet,
};

/// The chart of the page of a path, as an SVG file.
pub async fn chart(path: &str, ask: &Ask<'_>) -> Result<String, AppError> {
    match path {
        USAGE_PATH => read_sheet(ask.services, ask.current, ask.query).await,
        TRENDS_PATH => TrendsPage::read(ask).await.map(|page| page.file()),
        VALUE_PATH => ValuePage::read(ask).await.map(|page| page.file()),
        PLATFORM_PATH => PlatformPage::read(ask).await.map(|page| page.file()),
        _ => Err(AppError::NotFound),
    }
}
