//! Charts of pages as files.

use std::sync::{Arc, LazyLock};

use app::{
    error::AppError,
    pages::{self, Found, settings::Ask},
};
use axum::{
    Router,
    extract::{Request, State},
    http::request::Parts,
    response::Response,
    routing::get,
};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb},
};
use tokio::sync::Semaphore;

use super::{current, show, turn};
use crate::{AppState, api::file};

/// Pixels for each unit of a drawing: sharp on paper and on dense screens.
const SCALE: f32 = 2.0;

/// Letters: our own, so that every machine draws the same, and the machine's for scripts that ours have not.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.load_system_fonts();
    // Last: a machine's own settings say otherwise.
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// Pictures that are painted at a time: each takes some ten megabytes, and nothing but arithmetic.
static PAINTERS: Semaphore = Semaphore::const_new(2);

/// Pages with charts.
const PAGES: [&str; 4] = [
    app::USAGE_PATH,
    app::TRENDS_PATH,
    app::VALUE_PATH,
    app::PLATFORM_PATH,
];

/// The charts of these pages, drawn and painted.
pub fn router() -> Router<AppState> {
    PAGES.into_iter().fold(Router::new(), |router, page| {
        router
            .route(&format!("{page}/chart.svg"), get(svg))
            .route(&format!("{page}/chart.png"), get(png))
    })
}

async fn svg(State(state): State<AppState>, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    if let Err(busy) = turn(&asked.extensions).await {
        return problem(&state, &asked, busy.into()).await;
    }
    match chart(&state, &asked).await {
        Ok(drawn) => file::answer(&name(&asked), "image/svg+xml", drawn),
        Err(error) => problem(&state, &asked, error).await,
    }
}

async fn png(State(state): State<AppState>, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    if let Err(busy) = turn(&asked.extensions).await {
        return problem(&state, &asked, busy.into()).await;
    }
    let drawn = match chart(&state, &asked).await {
        Ok(drawn) => drawn,
        Err(error) => return problem(&state, &asked, error).await,
    };
    // It never closes.
    let _turn = PAINTERS.acquire().await;
    let painted = tokio::task::spawn_blocking(move || painted(&drawn)).await;
    match painted.ok().flatten() {
        Some(png) => file::answer(&name(&asked), "image/png", png),
        None => problem(&state, &asked, AppError::Failed).await,
    }
}

/// The chart of the page that a path is under.
async fn chart(state: &AppState, asked: &Parts) -> Result<String, AppError> {
    let (uri, current) = (&asked.uri, current(&asked.extensions));
    let ask = Ask {
        services: &state.services,
        current: &current,
        query: uri.query().unwrap_or_default(),
    };
    let page = uri.path().rsplit_once('/').map_or("", |(page, _)| page);
    pages::chart(page, &ask).await
}

/// What a file is called: `usage.svg`, `platform-trends.png`.
fn name(asked: &Parts) -> String {
    let path = asked.uri.path();
    let path = path.trim_start_matches("/billing").trim_start_matches('/');
    path.replace("/chart.", ".").replace('/', "-")
}

async fn problem(state: &AppState, asked: &Parts, error: AppError) -> Response {
    let current = current(&asked.extensions);
    show(state, current, Found::Problem(error)).await
}

/// A drawing as PNG; none when it cannot be drawn, which is written to the log.
fn painted(svg: &str) -> Option<Vec<u8>> {
    let options = Options {
        fontdb: Arc::clone(&FONTS),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)
        .inspect_err(|error| tracing::error!(%error, "a chart could not be read"))
        .ok()?;
    let size = tree.size().to_int_size().scale_by(SCALE)?;
    let mut pixels = Pixmap::new(size.width(), size.height())?;
    let scale = Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels
        .encode_png()
        .inspect_err(|error| tracing::error!(%error, "a chart could not be painted"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Width and height as the head of a PNG has them.
    fn size(png: &[u8]) -> (u32, u32) {
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    }

    fn drawing(inner: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"30\">{inner}</svg>"
        )
    }

    #[test]
    fn a_picture_has_twice_the_size_and_its_letters() {
        let empty = painted(&drawing("")).unwrap();
        assert_eq!(size(&empty), (80, 60));
        let words = "<text style=\"font-family:system-ui,sans-serif\" y=\"20\">30</text>";
        assert_ne!(painted(&drawing(words)).unwrap(), empty);
    }

    #[test]
    fn what_is_no_drawing_is_not_painted() {
        assert_eq!(painted("<svg"), None);
    }
}
